// Runs a target over files, where there is no fuzzer: replay FILE ...
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** names) {
  for (int k = 1; k < count; ++k) {
    std::ifstream file(names[k], std::ios::binary);
    if (!file) return std::fprintf(stderr, "%s cannot be read.\n", names[k]), 1;
    const std::vector<char> content{std::istreambuf_iterator<char>(file), {}};
    // a copy of just its size on the heap, so that reading past it is seen
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(content.data()), content.size());
  }
  std::printf("%d inputs\n", count - 1);
}
