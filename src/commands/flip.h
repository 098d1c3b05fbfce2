// Brings the services of one type from one certificate to the next: staged, flipped, reloaded, asked on the wire; then
// verified, or everything back as it was.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/finding.h"
#include "base/process.h"
#include "base/result.h"
#include "commands/deployment.h"
#include "deploy/binding.h"
#include "deploy/generations.h"
#include "deploy/materials.h"
#include "deploy/service.h"

namespace certferry::commands {

// The id of an error after which nothing was touched, and a later try may succeed by itself.
inline constexpr std::string_view kServiceDoesNotRun = "CF1748";

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
  // was rolled back, with the reason; CF1744 and going back failed too; CF1741 it is in place and was not seen on the
  // wire, where the binding wants it kept; CF1745 one of these happened earlier and nobody asked to try again. Nothing
  // was touched: CF1743 the service may not have the key, CF1739 it takes no keys of that kind, CF1748 (kPartly) it
  // does not run.
  [[nodiscard]] Result<bool> bring_to(const deploy::Desired& desired, std::uint64_t number, const Options& options);
  // The services that never had a certificate from here get the files of what is staged as `number`; they are neither
  // told nor asked, so that their configuration can name the files before the first flip. The names of those. CF1743,
  // CF1739.
  [[nodiscard]] Result<std::vector<std::string>> place_files(std::uint64_t number, const Options& options);
  // Nothing serves the type any more: the services get back what they had before certferry.
  [[nodiscard]] Result<bool> release(const deploy::Desired& desired);

  // What people should know besides: a service that cannot be asked.
  [[nodiscard]] Findings take_findings() { return std::move(findings_); }

 private:
  // What a binding's service had when the flip began.
  struct Service {
    const deploy::Binding* binding;
    std::optional<std::uint64_t> had;
  };

  [[nodiscard]] deploy::BindingPlace place(const deploy::Binding& binding) const;
  [[nodiscard]] Result<> may_have_key(const Options& options, const deploy::Materials& made) const;
  [[nodiscard]] Result<deploy::Materials> materials(std::uint64_t number) const;
  [[nodiscard]] Result<std::vector<Service>> services() const;
  [[nodiscard]] Result<> must_run(const deploy::Materials& made, const std::optional<std::string>& old);
  [[nodiscard]] Result<> stage(const deploy::Materials& made, std::uint64_t number);
  [[nodiscard]] Result<> test(const std::vector<Service>& services, std::uint64_t number);
  // Stages both generations and has the services test the new one.
  [[nodiscard]] Result<> ready(const std::vector<Service>& services, const deploy::Materials& made,
                               std::uint64_t number, std::optional<std::uint64_t> before);
  [[nodiscard]] Result<> forth(const std::vector<Service>& services, std::uint64_t number,
                               std::optional<std::uint64_t> before);
  // All of them, whatever fails; the first failure.
  [[nodiscard]] Result<> back(const std::vector<Service>& services, std::uint64_t number,
                              std::optional<std::uint64_t> before);
  [[nodiscard]] Result<> service_back(const Service& service, std::uint64_t number,
                                      std::optional<std::uint64_t> before);
  [[nodiscard]] Result<> tell(const deploy::Binding& binding, bool other_key);
  // Back to a certificate that served: by a restart where nothing else helps.
  [[nodiscard]] Result<> revive(const deploy::Binding& binding, const deploy::Materials& made, bool other_key);
  // Back to how it was before certferry: nobody knows what that serves.
  [[nodiscard]] Result<> release_service(const deploy::Binding& binding);
  // Old generations of the services go.
  void prune(std::optional<std::uint64_t> before, deploy::ServiceFiles::Keep rest);
  [[nodiscard]] Result<> move_names(const deploy::Desired& desired);
  // On the way back, a connection that did not serve the old certificate before the flip either proves nothing.
  enum class Whom { kAll, kWhoAnswered };
  [[nodiscard]] Result<> ask(const deploy::Binding& binding, const deploy::Materials& made,
                             std::chrono::milliseconds patience, Whom whom);
  [[nodiscard]] Result<bool> keep(const Error& reason);
  [[nodiscard]] Result<bool> go_back(const Error& reason, const std::vector<Service>& services,
                                     const deploy::Desired& old, std::uint64_t number,
                                     std::optional<std::uint64_t> before);
  [[nodiscard]] Result<> record(Deployment::State state, const std::string& reason = "");

  FileSystem& files_;
  Process& process_;
  const Clock& clock_;
  std::string home_;
  deploy::Generations& generations_;
  std::string type_;
  const std::vector<deploy::Binding>& bindings_;
  Deployment deployment_;
  std::set<std::string> answered_;  // the connections that served the old certificate when the flip began
  const deploy::Binding* failed_ = nullptr;  // whose service did not take the new one
  bool unseen_ = false;  // one was reloaded that cannot be asked
  Findings findings_;
};

}  // namespace certferry::commands
