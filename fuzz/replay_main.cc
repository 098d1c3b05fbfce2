// Runs a fuzz target over files, without a fuzzer: replay_<name> SEEDS [ENDING…]. Every file of the folder SEEDS, and
// every file below $CERTFERRY_CORPUS (../shared/corpus beside the project) whose name ends in one of the ENDINGs, is
// given to the target once.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

void replay(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string octets(std::istreambuf_iterator<char>(stream), {});
  if (!stream) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    std::exit(1);
  }
  // A copy of exactly this size on the heap, so that AddressSanitizer sees one octet too far.
  const std::vector<std::uint8_t> exact(octets.begin(), octets.end());
  std::fprintf(stderr, "%s\n", path.c_str());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

bool ends_in_one_of(const std::string& name, const std::vector<std::string_view>& endings) {
  for (const std::string_view ending : endings) {
    if (name.ends_with(ending)) return true;
  }
  return false;
}

int replay_folder(const fs::path& folder, const std::vector<std::string_view>& endings) {
  int count = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || !ends_in_one_of(entry.path().filename().string(), endings)) continue;
    replay(entry.path());
    ++count;
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || !fs::is_directory(argv[1])) {
    std::fprintf(stderr, "usage: %s SEEDS [ENDING...], SEEDS is a folder\n", argv[0]);
    return 2;
  }
  const int seeds = replay_folder(argv[1], {""});
  if (seeds == 0) {
    std::fprintf(stderr, "no seeds in %s\n", argv[1]);
    return 1;
  }
  const std::vector<std::string_view> endings(argv + 2, argv + argc);
  if (endings.empty()) return 0;
  const char* named = std::getenv("CERTFERRY_CORPUS");
  const fs::path corpus = named != nullptr ? named : CERTFERRY_SOURCE_DIR "/../shared/corpus";
  if (!fs::is_directory(corpus)) {
    std::printf("the corpus did not run: %s is no folder\n", corpus.c_str());
    return std::getenv("CI") != nullptr ? 1 : 0;
  }
  const int files = replay_folder(corpus, endings);
  std::printf("%d seeds, %d files of the corpus\n", seeds, files);
  return files == 0 ? 1 : 0;
}
