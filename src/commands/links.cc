#include "commands/links.h"

#include <nlohmann/json.hpp>

#include "commands/frame.h"

namespace certferry::commands {
namespace {

Result<bool> make_link(FileSystem& files, const std::string& path, const std::string& program) {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(path));
  if (!status) {
    CERTFERRY_TRY(files.make_symlink(program, path));
    return true;
  }
  if (status->kind == FileKind::kSymlink) {
    CERTFERRY_ASSIGN(const std::string target, files.read_symlink(path));
    if (target == program) return false;
  }
  return fail(ErrorKind::kFailed, "CF1790", path + " is there already and is no link to certferry",
              "move it away, or choose another folder");
}

}  // namespace

Outcome make_links(Environment& environment, const std::string& folder, const std::string& program,
                   const std::vector<std::string>& names) {
  Frame frame(environment, environment.host_name);
  Result<> done;
  std::size_t made = 0;
  for (const std::string& name : names) {
    const auto link = make_link(environment.files, folder + "/" + name, program);
    if (!link) {
      done = std::unexpected(link.error());
      break;
    }
    if (*link) ++made;
    frame.document.steps.push_back({environment.host_name, "link " + folder + "/" + name,
                                    *link ? report::Step::State::kDone : report::Step::State::kSkipped, ""});
  }
  frame.document.status = made > 0 ? report::Status::kDone : report::Status::kNothing;
  frame.document.headline = made > 0 ? "Made " + std::to_string(made) + " links in " + folder
                                     : "The links in " + folder + " are there already";
  return frame.finish(done, made > 0, {{"folder", folder}, {"made", made}});
}

}  // namespace certferry::commands
