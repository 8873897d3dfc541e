#include "daemon/actions.hpp"

#include "admin/verdict.hpp"

namespace mombridge {

admin::Actions actions_of(Reload& reload) {
  admin::Actions actions;
  actions["/api/v1/reload"] = [&reload](const admin::HttpRequest&, const admin::ActionDone& done) {
    reload.request([done](const Verdict& verdict) { done(admin::response_of(verdict)); });
  };
  return actions;
}

}  // namespace mombridge
