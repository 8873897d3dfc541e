// Runs a fuzz target where there is no libFuzzer: a fixed number of inputs from a fixed seed, half of them base64url,
// many of them earlier ones with a few bytes changed.
//   NAME [RUNS] [SEED]

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

class Inputs {
 public:
  explicit Inputs(uint32_t seed) : random_(seed) {}

  std::string next() {
    std::string input = !kept_.empty() && below(2) ? changed(kept_[below(kept_.size())]) : fresh();
    if (kept_.size() < 500)
      kept_.push_back(input);
    else
      kept_[below(kept_.size())] = input;
    return input;
  }

 private:
  size_t below(size_t n) { return random_() % n; }

  std::string fresh() {
    static const std::string kText = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    bool text = below(2);
    std::string input(below(300), '\0');
    for (char& c : input) c = text ? kText[below(kText.size())] : static_cast<char>(random_());
    return input;
  }

  std::string changed(std::string input) {
    for (size_t n = 1 + below(4); n > 0; --n) {
      size_t at = below(input.size() + 1);
      switch (below(3)) {
        case 0:
          input.insert(at, 1, static_cast<char>(random_()));
          break;
        case 1:
          input.erase(at, 1 + below(8));
          break;
        default:
          if (at < input.size()) input[at] = static_cast<char>(random_());
      }
    }
    return input;
  }

  std::mt19937 random_;
  std::vector<std::string> kept_;
};

}  // namespace

int main(int argc, char** argv) {
  unsigned long runs = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 200'000;
  Inputs inputs(argc > 2 ? static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10)) : 1);
  for (unsigned long i = 0; i < runs; ++i) {
    auto input = inputs.next();
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
  }
  std::cout << runs << " inputs\n";
}
