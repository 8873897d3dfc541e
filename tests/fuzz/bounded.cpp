// Runs a fuzz target where there is no libFuzzer, and takes the same arguments: every file of the folders once, then
// inputs made from a fixed seed, most of them earlier ones with a few bytes changed, until there were RUNS in all.
//   NAME [-runs=RUNS] [-seed=SEED] [FOLDER or FILE...]

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;

class Inputs {
 public:
  Inputs(uint32_t seed, std::vector<std::string> corpus) : random_(seed), kept_(std::move(corpus)) {}

  std::string next() {
    std::string input = !kept_.empty() && below(4) ? changed(kept_[below(kept_.size())]) : fresh();
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

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

std::vector<fs::path> files_of(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (auto& entry : fs::directory_iterator(path))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) {
  unsigned long runs = 20'000;
  uint32_t seed = 1;
  std::vector<std::string> corpus;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument.starts_with("-runs=")) {
      runs = std::stoul(argument.substr(6));
    } else if (argument.starts_with("-seed=")) {
      seed = static_cast<uint32_t>(std::stoul(argument.substr(6)));
    } else {
      for (auto& file : files_of(argument)) {
        std::cout << file.string() << std::endl;  // before it runs, so that what ends the process is named
        run(corpus.emplace_back(content(file)));
      }
    }
  }
  std::cout << corpus.size() << " files, then inputs of seed " << seed << std::endl;
  Inputs inputs(seed, corpus);
  for (unsigned long i = corpus.size(); i < runs; ++i) run(inputs.next());
}
