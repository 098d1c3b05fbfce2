#include "commands/bulk_import.h"

#include <fnmatch.h>

#include <nlohmann/json.hpp>

#include "commands/frame.h"

namespace certferry::commands {

using nlohmann::ordered_json;

Result<std::vector<std::string>> expand_paths(Environment& environment, const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    CERTFERRY_ASSIGN(const std::optional<FileStatus> status, environment.files.status(path));
    const std::string name = path.substr(path.find_last_of('/') + 1);
    const bool pattern = !status && name.find_first_of("*?[") != std::string::npos;
    if (!pattern && (!status || status->kind != FileKind::kFolder)) {
      files.push_back(path);
      continue;
    }
    const std::string folder = pattern ? parent_of(path) : path;
    CERTFERRY_ASSIGN(const std::vector<std::string> names, environment.files.list(folder));
    for (const std::string& entry : names) {
      if (entry.starts_with('.') || (pattern && ::fnmatch(name.c_str(), entry.c_str(), 0) != 0)) continue;
      const std::string whole = folder + "/" + entry;
      CERTFERRY_ASSIGN(const std::optional<FileStatus> inside, environment.files.status(whole));
      if (inside && inside->kind == FileKind::kFile) files.push_back(whole);
    }
  }
  return files;
}

Outcome import_many(Environment& environment, Home& home, const std::vector<std::string>& paths, const ImportOptions& options) {
  Frame frame(environment, home.config().computer.fqdn);
  ordered_json files = ordered_json::array();
  report::Table table{"Not imported", {"File", "Error"}, {}};
  std::size_t imported = 0;
  std::size_t unchanged = 0;
  std::optional<Error> first_error;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    ImportOptions one = options;
    one.path = paths[i];
    const Outcome outcome = import_certificate(environment, home, one);
    ordered_json json = {{"path", paths[i]}};
    json.update(ordered_json::parse(outcome.json));
    files.push_back(std::move(json));
    if (outcome.error) {
      table.rows.push_back({paths[i], outcome.error->id + ": " + outcome.error->message});
      if (!first_error) first_error = outcome.error;
    } else if (outcome.changed) {
      ++imported;
    } else {
      ++unchanged;
    }
    environment.ui.progress("files", i + 1, paths.size());
  }
  const std::size_t failed = table.rows.size();
  Result<> done;
  if (failed > 0 && failed == paths.size()) {
    done = std::unexpected(*first_error);
  } else if (failed > 0) {
    done = fail(ErrorKind::kPartly, "CF1725", std::to_string(failed) + " of " + std::to_string(paths.size()) + " files were not imported",
                "see the list; after mending them run the command again, what is stored is left alone");
  }
  report::Document& document = frame.document;
  document.status = options.what_if ? report::Status::kPlanned : imported > 0 ? report::Status::kDone : report::Status::kNothing;
  document.headline = std::string(options.what_if ? "Would import " : "Imported ") + std::to_string(imported) + " of " + std::to_string(paths.size()) + " files";
  document.summary = {std::to_string(unchanged) + " were there already, " + std::to_string(failed) + " failed."};
  if (failed > 0) document.tables.push_back(std::move(table));
  return frame.finish(done, imported > 0,
                      {{"files", std::move(files)}, {"summary", {{"imported", imported}, {"unchanged", unchanged}, {"failed", failed}}}});
}

}  // namespace certferry::commands
