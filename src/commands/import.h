// Import-CsCertificate: a file is read, explained, judged, stored, and, with -Identity, assigned.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "commands/assign.h"
#include "commands/environment.h"
#include "commands/examine.h"
#include "commands/home.h"
#include "commands/outcome.h"

namespace certferry::commands {

struct ImportOptions {
  std::string path;
  const Secret* password = nullptr;  // borrowed; null: none was given
  std::string select;                // thumbprint, where the file holds several
  std::optional<std::string> identity;  // scope: the central set
  std::string types;                    // as written, separated by commas
  Timing timing;
  std::optional<bool> exportable;  // nothing: what is stored, else the config's default
  std::vector<std::string> trust;  // files of anchors
  bool require_trust = false;
  bool accept_incomplete_chain = false;
  bool confirm = false;
  bool what_if = false;
};

// One import in steps, for those who do many at once and make them durable together.
class ImportTask {
 public:
  // Borrows everything; `options` must live as long.
  ImportTask(Environment& environment, Home& home, const ImportOptions& options, Shared& shared);
  ImportTask(ImportTask&&) noexcept;
  ~ImportTask();

  // Judges the file as it was read.
  [[nodiscard]] Result<> plan(Result<x509::CertificateFile> file);
  [[nodiscard]] bool changes() const;
  [[nodiscard]] std::string sha256() const;
  // Writes the files; durable when the file system says so.
  [[nodiscard]] Result<> write_files();
  // What is to be committed after that.
  void append_to(store::Batch& batch);
  [[nodiscard]] std::vector<std::string> actions() const;
  [[nodiscard]] Outcome finish(const Result<>& done);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Plans and, unless what_if, applies. Another command at the same time makes it plan again a few times.
[[nodiscard]] Outcome import_certificate(Environment& environment, Home& home, const ImportOptions& options);

}  // namespace certferry::commands
