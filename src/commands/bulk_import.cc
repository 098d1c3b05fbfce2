#include "commands/bulk_import.h"

#include <fnmatch.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/background.h"
#include "commands/frame.h"
#include "container/reader_pool.h"
#include "store/audit.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kReaders = 2;
constexpr std::size_t kAhead = 32;   // files that wait to be read
constexpr std::size_t kBatch = 256;  // files that are made durable together
constexpr std::chrono::seconds kPatience{130};

// Imports of one folder. Reading happens in confined children, writing files in another thread, judging and storing here,
// all at the same time. Files are made durable by one sync for many, then the store is told of them.
class BulkImport {
 public:
  BulkImport(Environment& environment, Home& home, const std::vector<std::string>& paths, const ImportOptions& options)
      : environment_(environment),
        home_(home),
        paths_(paths),
        options_(options),
        frame_(environment, home.config().computer.fqdn),
        batched_files_(environment.files),
        batched_{environment.clock,     batched_files_,        environment.ui,          environment.actor,
                 environment.host_name, environment.variables, environment.command_line} {}

  [[nodiscard]] Outcome run() {
    results_.resize(paths_.size());
    Result<> done = read_all();
    if (done) done = flush();
    return finish(done);
  }

 private:
  struct Item {
    std::size_t index;
    std::unique_ptr<ImportOptions> options;  // borrowed by the task
    ImportTask task;
    Result<> written;
  };

  [[nodiscard]] Result<> read_all() {
    // Once for all of them, and before the children: reading --trust forks.
    CERTFERRY_ASSIGN(shared_.named, read_certificates(environment_, options_.trust));
    CERTFERRY_ASSIGN(container::ReaderPool pool, container::ReaderPool::start(kReaders, {}, environment_.clock));
    std::shared_ptr<const Secret> password;
    if (options_.password) password = std::make_shared<const Secret>(options_.password->clone());
    pool.before_fork([this] { writer_.stop(); });
    std::size_t submitted = 0;
    while (submitted < paths_.size() || pool.pending() > 0) {
      while (submitted < paths_.size() && pool.pending() < kAhead) {
        auto bytes = environment_.files.read(paths_[submitted], container::Limits().octets);
        if (bytes) pool.submit(submitted, std::move(*bytes), password);
        else settle(submitted, std::unexpected(std::move(bytes).error()));
        ++submitted;
      }
      if (pool.pending() == 0) continue;
      auto completed = pool.next(kPatience);
      if (!completed)
        return fail(ErrorKind::kFailed, "CF1726", "the confined readers do not answer",
                    "run the command again; what is stored is left alone");
      take(completed->id, std::move(completed->file));
      if (items_.size() >= kBatch) CERTFERRY_TRY(flush());
    }
    return {};
  }

  void take(std::size_t index, Result<x509::CertificateFile> file) {
    auto options = std::make_unique<ImportOptions>(options_);
    options->path = paths_[index];
    ImportTask task(batched_, home_, *options, shared_);
    Result<> planned = task.plan(std::move(file));
    if (!planned || options_.what_if || !task.changes()) {
      settle(index, task.finish(planned));
      return;
    }
    // The same certificate twice in one run: the second one finds it stored.
    const std::string sha256 = task.sha256();
    const bool twice = std::ranges::any_of(items_, [&](const auto& item) { return item->task.sha256() == sha256; });
    if (twice) {
      again_.push_back(index);
      return;
    }
    items_.push_back(std::make_unique<Item>(Item{index, std::move(options), std::move(task), {}}));
    writer_.give([item = items_.back().get()] { item->written = item->task.write_files(); });
  }

  // Files on disk first, then the commits that name them.
  [[nodiscard]] Result<> flush() {
    writer_.wait();
    std::erase_if(items_, [this](const std::unique_ptr<Item>& item) {
      if (!item->written) settle(item->index, item->task.finish(item->written));
      return !item->written;
    });
    if (!items_.empty()) CERTFERRY_TRY(BatchedFileSystem::flush(home_.path()));
    const std::vector<std::unique_ptr<Item>> items = std::exchange(items_, {});
    constexpr std::size_t kRoom = 24;  // of one import and the audit
    for (std::size_t begin = 0; begin < items.size();) {
      store::Batch batch;
      std::vector<std::string> actions;
      std::size_t end = begin;
      for (; end < items.size() && operations(batch) + kRoom <= store::Batch::kMaxOperations; ++end) {
        items[end]->task.append_to(batch);
        for (std::string& action : items[end]->task.actions()) actions.push_back(std::move(action));
      }
      const Result<> committed = commit(batch, std::move(actions));
      shared_.issuers = {};
      for (; begin < end; ++begin) {
        // Somebody else was first with one of them: each is planned anew, by itself.
        if (!committed && committed.error().id == "CF1501") again_.push_back(items[begin]->index);
        else settle(items[begin]->index, items[begin]->task.finish(committed));
      }
    }
    for (const std::size_t index : std::exchange(again_, {})) {
      ImportOptions options = options_;
      options.path = paths_[index];
      settle(index, import_certificate(environment_, home_, options));
    }
    return {};
  }

  [[nodiscard]] static std::size_t operations(const store::Batch& batch) {
    return batch.expectations.size() + batch.puts.size() + batch.removals.size();
  }

  [[nodiscard]] Result<> commit(store::Batch& batch, std::vector<std::string> actions) {
    CERTFERRY_ASSIGN(store::Store* const store, home_.store());
    CERTFERRY_TRY(store::append_audit(
        *store, batch, {0, frame_.now(), frame_.actor(), environment_.command_line, std::move(actions), ""}));
    const auto revision = store->commit(batch);
    if (!revision) return std::unexpected(revision.error());
    return {};
  }

  void settle(std::size_t index, Result<Outcome> outcome) {
    One& one = results_[index];
    if (!outcome) {
      one.error = std::move(outcome).error();
    } else {
      one.error = std::move(outcome->error);
      one.changed = outcome->changed;
      one.json = std::move(outcome->json);
    }
    environment_.ui.progress("files", ++settled_, paths_.size());
  }

  [[nodiscard]] Outcome finish(Result<> done) {
    report::Table table{"Not imported", {"File", "Error"}, {}};
    ordered_json files = ordered_json::array();
    std::size_t imported = 0;
    std::optional<Error> first;
    for (std::size_t i = 0; i < results_.size(); ++i) {
      One& one = results_[i];
      ordered_json json = {{"path", paths_[i]}};
      const ordered_json own = ordered_json::parse(one.json, nullptr, false);
      if (own.is_object()) json.update(own);
      if (one.error) {
        json["error"] = {{"id", one.error->id}, {"message", one.error->message}, {"fix", one.error->fix}};
        table.rows.push_back({paths_[i], one.error->id + ": " + one.error->message});
        if (!first) first = one.error;
      } else if (one.changed) {
        ++imported;
      }
      files.push_back(std::move(json));
    }
    const std::size_t failed = table.rows.size();
    const std::size_t unchanged = results_.size() - failed - imported;
    if (done && first && failed == results_.size()) done = std::unexpected(*first);
    if (done && first) {
      done = fail(ErrorKind::kPartly, "CF1725",
                  std::to_string(failed) + " of " + std::to_string(paths_.size()) + " files were not imported",
                  "see the list; after mending them run the command again, what is stored is left alone");
    }
    report::Document& document = frame_.document;
    document.status = options_.what_if ? report::Status::kPlanned
                      : imported > 0   ? report::Status::kDone
                                       : report::Status::kNothing;
    document.headline = std::string(options_.what_if ? "Would import " : "Imported ") + std::to_string(imported) +
                        " of " + std::to_string(paths_.size()) + " files";
    document.summary = {std::to_string(unchanged) + " were there already, " + std::to_string(failed) + " failed."};
    if (failed > 0) document.tables.push_back(std::move(table));
    return frame_.finish(done, imported > 0,
                         {{"files", std::move(files)},
                          {"summary", {{"imported", imported}, {"unchanged", unchanged}, {"failed", failed}}}});
  }

  struct One {
    std::optional<Error> error;
    bool changed = false;
    std::string json;
  };

  Environment& environment_;
  Home& home_;
  const std::vector<std::string>& paths_;
  const ImportOptions& options_;
  Frame frame_;
  BatchedFileSystem batched_files_;
  Environment batched_;
  Shared shared_;
  std::vector<std::unique_ptr<Item>> items_;
  std::vector<std::size_t> again_;
  std::vector<One> results_;
  std::size_t settled_ = 0;
  Background writer_;  // gone before what it works on
};

}  // namespace

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

Result<Outcome> import_many(Environment& environment, Home& home, const std::vector<std::string>& paths,
                            const ImportOptions& options) {
  if (paths.empty())
    return fail(ErrorKind::kFailed, "CF1727", "there is no file to import", "name files, or a folder that has some");
  if (options.identity || options.timing.roll) {
    return fail(ErrorKind::kUsage, "CF1728", "many files cannot be assigned at once",
                "import them without -Identity and -Roll, then assign each with Set-CsCertificate");
  }
  return BulkImport(environment, home, paths, options).run();
}

}  // namespace certferry::commands
