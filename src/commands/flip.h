// Brings the services of one type from one certificate to the next: staged, flipped, reloaded, asked on the wire; then
// verified, or everything back as it was.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/finding.h"
#include "base/process.h"
#include "base/result.h"
#include "deploy/binding.h"
#include "deploy/generations.h"
#include "deploy/materials.h"

namespace certferry::commands {

// What became of the last flip of a type, as <home>/deployments/<Type>.json keeps it.
struct Deployment {
  enum class State {
    kFlipping,    // begun; whoever finds it goes on
    kVerified,    // every connection showed the certificate
    kRolledBack,  // the one before it serves again, or nothing was touched
  };
  State state = State::kFlipping;
  std::string sha256;  // of the certificate that was to serve
  std::string before;  // of the one that served; empty: none
  std::vector<std::string> services;  // the bindings it was done for
  std::string reason;  // of kRolledBack
  Time at{};

  bool operator==(const Deployment&) const = default;
};
[[nodiscard]] std::string_view name_of(Deployment::State state);
// Nothing where there was no flip yet. CF1749 where the file cannot be read.
[[nodiscard]] Result<std::optional<Deployment>> read_deployment(FileSystem& files, const std::string& home,
                                                                const std::string& type);

// Borrows everything; one flip, under the home's lock. May be killed at any step: the next one goes on or back.
class Flip {
 public:
  struct Options {
    bool exportable = false;  // PrivateKeyExportable of the certificate
    bool retry = false;       // also what was rolled back before: somebody asked for it
    Time now{};
  };

  Flip(FileSystem& files, Process& process, const Clock& clock, std::string home, deploy::Generations& generations,
       std::string type, const std::vector<deploy::Binding>& bindings);

  // `desired.current` is staged in `generations` as `number`. True: something changed. Errors are kPartly: CF1742 it
  // was rolled back, with the reason; CF1744 and going back failed too; CF1745 it was rolled back earlier and nobody
  // asked to try again. CF1743 (nothing was touched) the service may not have the key.
  [[nodiscard]] Result<bool> bring_to(const deploy::Desired& desired, std::uint64_t number, const Options& options);
  // Nothing serves the type any more: the services get back what they had before certferry.
  [[nodiscard]] Result<bool> release(const deploy::Desired& desired);

  // What people should know besides: a service that cannot be asked.
  [[nodiscard]] Findings take_findings() { return std::move(findings_); }

 private:
  [[nodiscard]] deploy::BindingPlace place(const deploy::Binding& binding) const;
  [[nodiscard]] Result<> may_have_key(const Options& options) const;
  [[nodiscard]] Result<deploy::Materials> materials(std::uint64_t number) const;
  [[nodiscard]] Result<> stage(std::uint64_t number);
  [[nodiscard]] Result<> test(std::uint64_t number);
  // Moves the services' files, reloads, asks. Generation 0 is what a service had before certferry: nobody knows what that
  // serves.
  enum class Way { kForth, kBack };
  [[nodiscard]] Result<> put_in_place(std::uint64_t number, Way way);
  [[nodiscard]] Result<> move_names(const deploy::Desired& desired);
  // Stages both generations and has the services test the new one. `before`: what to go back to; nothing: generation 0.
  [[nodiscard]] Result<> ready(std::uint64_t number, std::optional<std::uint64_t> before);
  [[nodiscard]] Result<> ask(const deploy::Binding& binding, const std::string& sha256,
                             const std::vector<std::string>& names);
  [[nodiscard]] Result<> record(Deployment::State state, const std::string& reason);

  FileSystem& files_;
  Process& process_;
  const Clock& clock_;
  std::string home_;
  deploy::Generations& generations_;
  std::string type_;
  const std::vector<deploy::Binding>& bindings_;
  Deployment deployment_;
  Findings findings_;
};

}  // namespace certferry::commands
