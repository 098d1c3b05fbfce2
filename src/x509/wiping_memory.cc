#include "x509/wiping_memory.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <string.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace certferry::x509 {
namespace {

void* allocate(std::size_t octets, const char*, int) { return std::malloc(octets); }

void wipe_and_free(void* block, const char*, int) {
  if (block == nullptr) return;
  ::explicit_bzero(block, ::malloc_usable_size(block));
  std::free(block);
}

// realloc() could leave the old octets where they were.
void* reallocate(void* block, std::size_t octets, const char* file, int line) {
  if (block == nullptr) return std::malloc(octets);
  if (octets == 0) {
    wipe_and_free(block, file, line);
    return nullptr;
  }
  const std::size_t before = ::malloc_usable_size(block);
  if (octets <= before && octets >= before / 2) return block;
  void* const moved = std::malloc(octets);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, block, std::min(before, octets));
  wipe_and_free(block, file, line);
  return moved;
}

}  // namespace

bool wipe_what_openssl_frees() { return ::CRYPTO_set_mem_functions(allocate, reallocate, wipe_and_free) == 1; }

}  // namespace certferry::x509
