#include "commands/binding_command.h"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/bindings.h"
#include "commands/catalog.h"
#include "commands/flip.h"
#include "commands/frame.h"
#include "commands/lock.h"
#include "commands/reconcile.h"
#include "deploy/binding_set.h"
#include "deploy/materials.h"
#include "deploy/service.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kLargest = 256 * 1024;
constexpr int kLockSeconds = 180;  // another command may be flipping a service

Result<std::vector<deploy::Binding>> all_of(Environment& environment, const Home& home) {
  return deploy::read_bindings(environment.files, deploy::binding_folder(home.path()), ::geteuid());
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// Whether everything that shows the service is there.
bool is_installed(Environment& environment, const deploy::Binding& binding) {
  return !binding.detect.empty() && std::ranges::all_of(binding.detect, [&](const std::string& path) {
    const auto status = environment.files.status(path);
    return status && *status;
  });
}

Result<deploy::Binding> find(Environment& environment, const Home& home, const std::string& name) {
  CERTFERRY_ASSIGN(const std::vector<deploy::Binding> all, all_of(environment, home));
  const auto found = std::ranges::find(all, name, &deploy::Binding::name);
  if (found != all.end()) return *found;
  return fail(ErrorKind::kUsage, "CF1786", "there is no binding " + name,
              "`certferry binding list` shows those there are");
}

const deploy::BuiltInBinding* pattern(const std::string& name) {
  const auto all = deploy::built_in_bindings();
  const auto found =
      std::ranges::find_if(all, [&](const deploy::BuiltInBinding& one) { return one.file == name + ".toml"; });
  return found == all.end() ? nullptr : &*found;
}

Result<std::string> text_of(Environment& environment, const deploy::Binding& binding) {
  if (binding.built_in) {
    const deploy::BuiltInBinding* const built_in = pattern(binding.name);
    return built_in ? std::string(built_in->text) : std::string();
  }
  CERTFERRY_ASSIGN(const Secret text, environment.files.read(binding.origin, kLargest));
  return std::string(text.text());
}

// The same text for other types.
std::string with_types(std::string_view text, const std::vector<std::string>& types) {
  constexpr std::string_view kKey = "types = [";
  std::string list;
  for (const std::string& type : types) list += (list.empty() ? "\"" : ", \"") + type + "\"";
  std::string changed;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    changed += line.starts_with(kKey) ? std::string(kKey) + list + "]\n" : std::string(line);
    text.remove_prefix(end);
  }
  return changed;
}

Outcome listed(Environment& environment, Home& home, bool only_installed) {
  Frame frame(environment, home.config().computer.fqdn);
  frame.document.headline = only_installed ? "Services that are installed here" : "Bindings";
  ordered_json bindings = ordered_json::array();
  const auto all = all_of(environment, home);
  if (!all) return frame.finish(std::unexpected(all.error()), false, {{"bindings", std::move(bindings)}});
  report::Table table{"", {"Binding", "In use", "Installed", "Types", "From"}, {}};
  for (const deploy::Binding& binding : *all) {
    const bool installed = is_installed(environment, binding);
    if (only_installed && !installed) continue;
    table.rows.push_back({binding.name, binding.built_in ? "no" : "yes", installed ? "yes" : "no",
                          joined(binding.types), binding.built_in ? "built in" : binding.origin});
    bindings.push_back({{"name", binding.name},
                        {"in_use", !binding.built_in},
                        {"installed", installed},
                        {"types", binding.types},
                        {"origin", binding.built_in ? ordered_json(nullptr) : ordered_json(binding.origin)}});
  }
  frame.document.summary = {"A built-in one is a pattern: `certferry binding new NAME` puts it into " +
                            deploy::binding_folder(home.path()) + "."};
  if (!table.rows.empty()) frame.document.tables.push_back(std::move(table));
  return frame.finish({}, false, {{"bindings", std::move(bindings)}});
}

Result<> put_new(Environment& environment, Home& home, const std::string& name, const std::string& types,
                 Frame& frame) {
  const deploy::BuiltInBinding* const built_in = pattern(name);
  if (!built_in)
    return fail(ErrorKind::kUsage, "CF1786", "there is no built-in binding " + name,
                "`certferry binding list` shows those there are");
  std::string text(built_in->text);
  if (!types.empty()) {
    CERTFERRY_ASSIGN(const std::vector<std::string> wanted, home.config().types.parse_list(types));
    text = with_types(text, wanted);
  }
  const std::string folder = deploy::binding_folder(home.path());
  const std::string path = folder + "/" + name + ".toml";
  CERTFERRY_ASSIGN(const std::optional<FileStatus> there, environment.files.status(path));
  if (there) return fail(ErrorKind::kFailed, "CF1787", path + " exists already", "edit it, or move it away first");
  CERTFERRY_TRY(make_folders(environment.files, folder, 0755));
  CERTFERRY_TRY(replace_file(environment.files, path, as_bytes(text), 0644));
  frame.document.headline = "Made " + path;
  frame.document.summary = {"1. Look at its ports and names.",
                            "2. `certferry binding place " + name + "` puts the files below " + home.path() +
                                "/services/" + name + "/TYPE/current; let the service's configuration name them there.",
                            "3. `certferry binding test " + name + "` tries it, `certferry agent --once` verifies it."};
  return {};
}

Result<> put_files(Environment& environment, Home& home, const std::string& name, Frame& frame, ordered_json& placed) {
  CERTFERRY_ASSIGN(const deploy::Binding binding, find(environment, home, name));
  if (binding.built_in)
    return fail(ErrorKind::kUsage, "CF1786", "no binding " + name + " is in use", "certferry binding new " + name);
  CERTFERRY_ASSIGN(const Lock lock, Lock::take(home.path() + "/lock", kLockSeconds));
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  Catalog catalog(*store);
  CERTFERRY_ASSIGN(const std::vector<StoredAssignment> assignments, catalog.assignments());
  SystemProcess process(environment.clock);
  const std::vector<deploy::Binding> only{binding};
  bool assigned = false;
  for (const Target& target : targets(assignments, home.config(), environment.clock.now())) {
    const std::string& type = target.type;
    if (!binding.takes(type) || !target.current) continue;
    deploy::Generations generations(environment.files, home.path(), type);
    // Staged by the command that assigned it, also where the service did not run.
    CERTFERRY_ASSIGN(const std::vector<deploy::Generation> staged, generations.list());
    const auto generation = std::ranges::find(staged, *target.current, &deploy::Generation::sha256);
    if (generation == staged.end()) continue;
    assigned = true;
    CERTFERRY_ASSIGN(const std::optional<Found> found, catalog.get(*target.current));
    Flip flip(environment.files, process, environment.clock, home.path(), generations, type, only);
    CERTFERRY_ASSIGN(
        const std::vector<std::string> names,
        flip.place_files(generation->number,
                         {.exportable = found && found->record.exportable, .retry = false, .now = frame.now()}));
    if (names.empty()) continue;
    const std::string folder = deploy::BindingPlace{home.path(), type, name}.folder();
    placed.push_back({{"type", type}, {"folder", folder}, {"sha256", *target.current}});
    frame.document.summary.push_back(folder);
  }
  if (assigned) return {};
  return fail(ErrorKind::kFailed, "CF1784", "nothing is assigned to " + joined(binding.types),
              "assign a certificate first: certferry set --type TYPE --thumbprint THUMBPRINT");
}

Result<> try_out(Environment& environment, Home& home, const std::string& name, Frame& frame, ordered_json& served) {
  CERTFERRY_ASSIGN(const deploy::Binding binding, find(environment, home, name));
  SystemProcess process(environment.clock);
  std::string type = binding.types.empty() ? "Default" : binding.types.front();
  std::vector<std::string> names;
  for (const std::string& bound : binding.types) {
    CERTFERRY_ASSIGN(const deploy::Live live, deploy::Generations(environment.files, home.path(), bound).live());
    if (!live.current) continue;
    type = bound;
    const std::string folder = deploy::BindingPlace{home.path(), type, binding.name}.live();
    CERTFERRY_ASSIGN(const Secret pem, environment.files.read(folder + "/cert.pem", kLargest));
    CERTFERRY_ASSIGN(const std::vector<x509::Certificate> leaf, deploy::certificates_from_pem(pem.text()));
    if (!leaf.empty()) names = leaf.front().names();
    break;
  }
  CERTFERRY_TRY(deploy::test_configuration(process, binding, {home.path(), type, binding.name}));
  frame.log("the service's own test");
  report::Table table{"What is served", {"Address", "Name", "Thumbprint", "Subject"}, {}};
  Result<> done;
  for (const deploy::BoundProbe& asked : binding.probes) {
    deploy::BoundProbe once = asked;
    once.connections = 1;
    CERTFERRY_ASSIGN(const std::vector<probe::Target> targets, probe_targets(once, names));
    const auto answers = probe::probe_many(targets, targets.size(), environment.clock);
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const std::string address = probe::to_text(targets[i].endpoint);
      const std::string server_name = targets[i].server_name.value_or("");
      if (!answers[i]) {
        table.rows.push_back({address, server_name, "", answers[i].error().message});
        if (done) done = std::unexpected(answers[i].error());
        continue;
      }
      const x509::Certificate& leaf = answers[i]->chain.front();
      table.rows.push_back({address, server_name, leaf.thumbprint(), leaf->subject.text()});
      served.push_back({{"address", address}, {"server_name", server_name}, {"sha256", leaf.sha256_hex()}});
    }
  }
  frame.log("connections", done.has_value());
  if (!table.rows.empty()) frame.document.tables.push_back(std::move(table));
  return done;
}

}  // namespace

Outcome list_bindings(Environment& environment, Home& home) { return listed(environment, home, false); }
Outcome detect_bindings(Environment& environment, Home& home) { return listed(environment, home, true); }

Outcome show_binding(Environment& environment, Home& home, const std::string& name) {
  Frame frame(environment, home.config().computer.fqdn);
  frame.document.headline = name;
  const auto binding = find(environment, home, name);
  if (!binding) return frame.finish(std::unexpected(binding.error()), false, {{"text", nullptr}});
  const auto text = text_of(environment, *binding);
  if (!text) return frame.finish(std::unexpected(text.error()), false, {{"text", nullptr}});
  frame.document.headline = binding->name + (binding->built_in ? " (built in)" : " (" + binding->origin + ")");
  for (std::string_view rest = *text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    frame.document.summary.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return frame.finish({}, false, {{"name", binding->name}, {"text", *text}});
}

Outcome new_binding(Environment& environment, Home& home, const std::string& name, const std::string& types) {
  Frame frame(environment, home.config().computer.fqdn);
  frame.document.headline = "Nothing was made";
  const Result<> done = put_new(environment, home, name, types, frame);
  frame.document.status = report::Status::kDone;
  return frame.finish(done, true, {{"changed", done.has_value()}});
}

Outcome place_binding(Environment& environment, Home& home, const std::string& name) {
  Frame frame(environment, home.config().computer.fqdn);
  ordered_json placed = ordered_json::array();
  const Result<> done = put_files(environment, home, name, frame, placed);
  const bool changed = !placed.empty();
  frame.document.headline = !done     ? "No files were put in place"
                            : changed ? "The files of " + name + " are in place, the service was not told"
                                      : name + " has its files already";
  frame.document.status = changed ? report::Status::kDone : report::Status::kNothing;
  if (changed)
    frame.document.summary.push_back("Once its configuration names them: `certferry agent --once` verifies them.");
  return frame.finish(done, changed, {{"changed", changed}, {"placed", std::move(placed)}});
}

Outcome test_binding(Environment& environment, Home& home, const std::string& name) {
  Frame frame(environment, home.config().computer.fqdn);
  ordered_json served = ordered_json::array();
  const Result<> done = try_out(environment, home, name, frame, served);
  frame.document.headline = name + (done ? " works" : " does not work");
  return frame.finish(done, false, {{"served", std::move(served)}});
}

}  // namespace certferry::commands
