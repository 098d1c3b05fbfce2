#include "commands/deployment.h"

#include <nlohmann/json.hpp>

#include "commands/facts.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kLargest = 1024 * 1024;

std::string path_of(const std::string& home, const std::string& type) {
  return home + "/deployments/" + type + ".json";
}

}  // namespace

std::string_view name_of(Deployment::State state) {
  switch (state) {
    case Deployment::State::kFlipping: return "flipping";
    case Deployment::State::kVerified: return "verified";
    case Deployment::State::kInPlace: return "in place";
    case Deployment::State::kRolledBack: return "rolled back";
    case Deployment::State::kUnverified: return "not verified";
  }
  return "flipping";
}

Result<std::optional<Deployment>> read_deployment(FileSystem& files, const std::string& home, const std::string& type) {
  const std::string path = path_of(home, type);
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(path));
  if (!status) return std::optional<Deployment>();
  CERTFERRY_ASSIGN(const Secret text, files.read(path, kLargest));
  const ordered_json json = ordered_json::parse(text.text(), nullptr, false);
  using State = Deployment::State;
  Deployment deployment;
  try {
    const std::string state = json.at("state");
    for (const State known : {State::kVerified, State::kInPlace, State::kRolledBack, State::kUnverified}) {
      if (state == name_of(known)) deployment.state = known;
    }
    deployment.sha256 = json.at("sha256");
    deployment.before = json.at("before");
    deployment.services = json.at("services").get<std::vector<std::string>>();
    deployment.reason = json.at("reason");
    deployment.at = from_rfc3339(json.at("at").get<std::string>()).value();
    return std::optional(std::move(deployment));
  } catch (const std::exception&) {
    return fail(ErrorKind::kFailed, "CF1749", path + " cannot be read", "remove it: the next run flips and asks again");
  }
}

Result<> write_deployment(FileSystem& files, const std::string& home, const std::string& type,
                          const Deployment& deployment) {
  CERTFERRY_TRY(make_folders(files, home + "/deployments", 0755));
  const std::string text = dump({{"schema", 1},
                                 {"state", name_of(deployment.state)},
                                 {"sha256", deployment.sha256},
                                 {"before", deployment.before},
                                 {"services", deployment.services},
                                 {"reason", deployment.reason},
                                 {"at", rfc3339(deployment.at)}}) +
                           "\n";
  return replace_file(files, path_of(home, type), as_bytes(text), 0644);
}

Result<> remove_deployment(FileSystem& files, const std::string& home, const std::string& type) {
  return files.remove(path_of(home, type));
}

}  // namespace certferry::commands
