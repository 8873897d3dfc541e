#pragma once
// How the process ends. The codes follow sysexits(3).

namespace mombridge {

inline constexpr int kExitOk = 0;
inline constexpr int kExitNotTaken = 1;  ///< explain: no route takes it
inline constexpr int kExitFailed = 1;    ///< test: a case failed
inline constexpr int kExitUsage = 64;    ///< EX_USAGE
inline constexpr int kExitUnavailable =
    69;  ///< EX_UNAVAILABLE; publish, request, check --connect: a broker or the responder said no; status, reload,
         ///< drain: no bridge answers, or it is stuck or stops; run: a listener cannot be bound
inline constexpr int kExitSoftware = 70;   ///< EX_SOFTWARE
inline constexpr int kExitUndrained = 75;  ///< EX_TEMPFAIL; run: stopped with messages that were not settled
inline constexpr int kExitTimeout = 75;    ///< EX_TEMPFAIL; request: no reply in time; reload: no verdict;
                                           ///< drain: something is in flight still
inline constexpr int kExitConfig = 78;     ///< EX_CONFIG

}  // namespace mombridge
