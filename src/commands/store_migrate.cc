#include "commands/store_migrate.h"

#include <nlohmann/json.hpp>

#include "commands/attempts.h"
#include "commands/fleet_files.h"
#include "commands/frame.h"
#include "commands/store_place.h"
#include "fleet/config.h"
#include "store/audit.h"
#include "store/copy.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMaxConfig = 1024 * 1024;
constexpr std::string_view kKey = "store.url";

struct Values {
  std::string url;
  std::vector<std::pair<std::string, std::string>> others;
};

std::optional<Values> values_of(const std::string& text) {
  fleet::ConfigSource source;
  source.text = text;
  const auto config = fleet::parse_config(source);
  if (!config) return std::nullopt;
  Values values{config->store.url, {}};
  for (fleet::ConfigRow& row : config->rows()) {
    if (row.key != kKey) values.others.emplace_back(std::move(row.key), std::move(row.value));
  }
  return values;
}

std::string_view trimmed(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

bool is_url_line(std::string_view line) {
  line = trimmed(line);
  return line.starts_with("url") && trimmed(line.substr(3)).starts_with("=");
}

// Where the line goes: over the old one, below the section's head, or at the end.
std::string edited(const std::string& text, const std::string& line) {
  std::string made;
  bool inside = false, written = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const std::string each = text.substr(at, end - at);
    at = end;
    const std::string_view bare = trimmed(std::string_view(each).substr(0, each.find_last_not_of('\n') + 1));
    if (bare.starts_with('['))
      inside = bare == "[store]" || bare.starts_with("[store] ") || bare.starts_with("[store]#");
    if (inside && is_url_line(bare)) continue;
    made += each;
    if (inside && !written && bare.starts_with('[')) {
      if (!made.ends_with('\n')) made += '\n';
      made += line;
      written = true;
    }
  }
  if (written) return made;
  if (!made.empty() && !made.ends_with('\n')) made += '\n';
  return made + (made.empty() ? "" : "\n") + "[store]\n" + line;
}

// One run of the command.
class Migration {
 public:
  Migration(Environment& environment, Home& home, Frame& frame)
      : environment_(environment), home_(home), frame_(frame) {}

  [[nodiscard]] Result<> run(const std::string& to, bool what_if) {
    CERTFERRY_ASSIGN(target_, store_place(to, home_.path()));
    CERTFERRY_TRY(check_home());
    CERTFERRY_ASSIGN(const bool needed, find_source());
    if (!needed) return {};
    CERTFERRY_TRY(plan_config());
    step("copy everything from " + source_.text + " to " + target_.text + ", and compare");
    step("mark the store in " + source_.text + " as one that has moved");
    if (config_) step("write url = \"" + target_.text + "\" to certferry.toml");
    changed_ = true;
    if (what_if) return {};
    CERTFERRY_TRY(move());
    if (config_) CERTFERRY_TRY(replace_file(environment_.files, config_path(), as_bytes(*config_), config_mode_));
    frame_.mark_done();
    return {};
  }

  [[nodiscard]] bool changed() const { return changed_; }
  [[nodiscard]] ordered_json json() const {
    return {{"from", source_.text}, {"to", target_.text}, {"keys", copied_.keys}, {"written", copied_.written}};
  }

 private:
  [[nodiscard]] std::string config_path() const { return home_.path() + "/certferry.toml"; }

  void step(std::string action) {
    frame_.document.steps.push_back(
        {home_.config().computer.fqdn, std::move(action), report::Step::State::kPlanned, ""});
  }

  [[nodiscard]] Result<> check_home() {
    if (home_.membership()) {
      CERTFERRY_ASSIGN(const bool administers, has_key(environment_.files, home_.path(), FleetKey::kAdministrator));
      if (!administers)
        return fail(ErrorKind::kUsage, "CF1757", "a computer that joined a fleet keeps a store of its own",
                    "move the store where the fleet is administered");
    }
    const auto origin = home_.config().origins.find(std::string(kKey));
    if (origin == home_.config().origins.end() || !origin->second.starts_with("environment")) return {};
    return fail(ErrorKind::kUsage, "CF1757", "the variable CERTFERRY_STORE_URL says where the store is",
                "unset it, run the command, and set it to the new store where it is still needed");
  }

  // False where there is nothing to be moved.
  [[nodiscard]] Result<bool> find_source() {
    source_ = home_.store_place();
    if (source_.text != target_.text) return true;
    // Somebody wrote the new place to the configuration first.
    if (target_.etcd) {
      CERTFERRY_ASSIGN(const bool left, is_left_behind(environment_.files, target_.file));
      if (!left) return false;
      CERTFERRY_ASSIGN(source_, store_place(std::string(fleet::StoreSettings::kEmbedded), home_.path()));
      return true;
    }
    CERTFERRY_ASSIGN(const std::optional<FileStatus> status, environment_.files.status(target_.file));
    if (!status || status->size == 0) return false;
    CERTFERRY_ASSIGN(const auto own, open_unchecked(environment_.engines, target_, /*write=*/false));
    CERTFERRY_ASSIGN(const std::optional<std::string> moved, store::moved_to(*own));
    if (!moved) return false;
    CERTFERRY_ASSIGN(source_, store_place(*moved, home_.path()));
    return true;
  }

  [[nodiscard]] Result<> plan_config() {
    if (home_.config().store.url == target_.text) return {};
    const auto refuse = [&](const std::string& why) {
      return fail(ErrorKind::kFailed, "CF1758", "certferry.toml cannot be changed by itself: " + why,
                  "write url = \"" + target_.text + "\" below [store] there, then run the command again");
    };
    CERTFERRY_ASSIGN(const std::optional<FileStatus> status, environment_.files.status(config_path()));
    if (status && status->kind != FileKind::kFile) return refuse("it is a link to another file");
    std::string text;
    if (status) {
      CERTFERRY_ASSIGN(const Secret read, environment_.files.read(config_path(), kMaxConfig));
      text = read.text();
      config_mode_ = status->mode & 07777;
    }
    config_ = with_store_url(text, target_.text);
    if (!config_) return refuse("the place of [store] is not clear");
    return {};
  }

  [[nodiscard]] Result<> move() {
    CERTFERRY_ASSIGN(const auto source, open_unchecked(environment_.engines, source_, /*write=*/true));
    CERTFERRY_ASSIGN(const auto target, open_unchecked(environment_.engines, target_, /*write=*/true));
    CERTFERRY_ASSIGN(const std::optional<std::string> moved, store::moved_to(*source));
    if (moved && *moved != target_.text) return store::has_moved(*moved);
    CERTFERRY_TRY(check_that_they_differ(*source, *target));
    // What it held has gone where it is copied from now, or to another store since.
    CERTFERRY_ASSIGN(const std::optional<std::string> came_from, store::moved_to(*target));
    if (moved) {
      if (came_from) return store::has_moved(*came_from);
      CERTFERRY_ASSIGN(const bool has_everything, is_finished(*target));
      if (has_everything) return {};
    }
    store::CopyOptions options;
    options.seal_source = [&] { return seal(*source); };
    options.progress = [&](const store::CopyProgress& progress) {
      environment_.ui.progress("copy", progress.done, progress.total);
    };
    options.replace = came_from.has_value();
    CERTFERRY_ASSIGN(copied_, store::copy_store(*source, *target, options));
    return {};
  }

  // Once the source is sealed, the mark goes from the target with the last of the copy; work may have gone on there since.
  [[nodiscard]] static Result<bool> is_finished(store::Store& target) {
    CERTFERRY_ASSIGN(const store::Listing audit, target.list("audit/"));
    CERTFERRY_ASSIGN(const bool unfinished, store::is_unfinished_copy(target));
    return !unfinished && !audit.entries.empty();
  }

  // Two addresses may name one store, which would be marked as moved to itself.
  [[nodiscard]] Result<> check_that_they_differ(store::Store& source, store::Store& target) {
    if (!source_.etcd || !target_.etcd || source_.etcd->name != target_.etcd->name) return {};
    CERTFERRY_ASSIGN(const store::Listing one, source.list(""));
    CERTFERRY_ASSIGN(const store::Listing other, target.list(""));
    if (one.entries.empty() || one.entries != other.entries) return {};
    return fail(ErrorKind::kUsage, "CF1757", "both addresses are of the same store",
                "write the address that you want below [store] in certferry.toml: there is nothing to be copied");
  }

  // With the audit's word, so that whoever planned before this commit cannot commit after it.
  [[nodiscard]] Result<> seal(store::Store& source) {
    const auto commit = [&]() -> Result<> {
      CERTFERRY_ASSIGN(const std::optional<std::string> moved, store::moved_to(source));
      if (moved) return {};
      store::Batch batch;
      CERTFERRY_TRY(store::append_audit(source, batch,
                                        {0,
                                         frame_.now(),
                                         frame_.actor(),
                                         environment_.command_line,
                                         {"move the store from " + source_.text + " to " + target_.text},
                                         ""}));
      batch.expect(std::string(store::kMovedStore), 0);
      batch.put(std::string(store::kMovedStore), target_.text);
      CERTFERRY_TRY(source.commit(batch));
      return {};
    };
    return apply_or_plan_again([] { return Result<>(); }, commit);
  }

  Environment& environment_;
  Home& home_;
  Frame& frame_;
  StorePlace source_;
  StorePlace target_;
  std::optional<std::string> config_;
  unsigned config_mode_ = 0644;
  store::CopyResult copied_;
  bool changed_ = false;
};

}  // namespace

std::optional<std::string> with_store_url(const std::string& text, const std::string& url) {
  std::string quoted;
  for (const char c : url) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return std::nullopt;
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  const std::string made = edited(text, "url = \"" + quoted + "\"\n");
  const auto before = values_of(text), after = values_of(made);
  if (!before || !after || after->url != url || after->others != before->others) return std::nullopt;
  return made;
}

Outcome migrate_store(Environment& environment, Home& home, const std::string& target, bool what_if) {
  Frame frame(environment, home.config().computer.fqdn);
  Migration migration(environment, home, frame);
  const Result<> done = migration.run(target, what_if);
  const bool changed = migration.changed();
  frame.document.status = !changed  ? report::Status::kNothing
                          : what_if ? report::Status::kPlanned
                                    : report::Status::kDone;
  frame.document.headline = !done      ? "The store has not moved"
                            : !changed ? "The store is there already"
                            : what_if  ? "Would move the store to " + target
                                       : "Moved the store to " + target;
  if (done && changed && !what_if)
    frame.document.summary = {"Start agents and relays of this home anew: they still know the old store."};
  return frame.finish(done, changed, migration.json());
}

}  // namespace certferry::commands
