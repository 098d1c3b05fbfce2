// x509-limbo's cases (https://x509-limbo.com/schema) for the tests. Not part of the program.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace certferry::chain::testing {

struct LimboName {
  std::string kind;  // "DNS", "IP", "RFC822"
  std::string value;
};

struct LimboCase {
  std::string id;
  std::string kind;            // "SERVER", "CLIENT"
  std::string expected;        // "SUCCESS", "FAILURE"
  std::string time;            // RFC 3339; empty: any
  std::string leaf;            // PEM, as the next three
  std::vector<std::string> trusted;
  std::vector<std::string> untrusted;
  std::vector<std::string> crls;
  std::vector<std::string> extended_key_usage;
  std::vector<LimboName> names;
  std::optional<std::size_t> max_depth;
};

// The folder with the corpus: $CERTFERRY_CORPUS, else ../shared/corpus beside the project.
[[nodiscard]] std::string corpus_folder();
// Calls `use` for each case of the file (JSON, or JSON packed with xz) as it is read: the whole file is never held as
// a tree. False where the file is not there; throws std::runtime_error where it cannot be read.
[[nodiscard]] bool for_each_limbo_case(const std::string& file, const std::function<void(const LimboCase&)>& use);

}  // namespace certferry::chain::testing
