#include "cli/reference.h"

#include <nlohmann/json.hpp>

#include "base/secret.h"

namespace certferry::cli {

using nlohmann::ordered_json;

Result<std::string> read_reference(FileSystem& files, const std::string& path) {
  constexpr std::size_t kMax = 1024 * 1024;
  CERTFERRY_ASSIGN(const Secret bytes, files.read(path == "-" ? "/dev/stdin" : path, kMax));
  ordered_json json = ordered_json::parse(bytes.text(), nullptr, false);
  if (json.is_object() && json.contains("certificates") && json["certificates"].is_array() &&
      json["certificates"].size() == 1)
    json = ordered_json(json["certificates"][0]);
  if (json.is_object() && json.contains("thumbprint") && json["thumbprint"].is_string())
    return json["thumbprint"].get<std::string>();
  return fail(ErrorKind::kUsage, "CF1072", "the reference names no certificate, or more than one",
              "give the JSON of one certificate of `certferry get --json`");
}

}  // namespace certferry::cli
