// Tests, reloads and restarts of services.
#include <charconv>
#include <thread>

#include "base/account.h"
#include "base/escape.h"
#include "deploy/certbot_hooks.h"
#include "deploy/program.h"
#include "deploy/service.h"

namespace certferry::deploy {
namespace {

constexpr std::size_t kLargest = 4 * 1024 * 1024;

Result<> run(Process& process, const Binding& binding, const BindingPlace& place, const BoundCommand& bound,
             std::chrono::milliseconds limit, std::vector<Overlay> overlays, std::string_view id) {
  Command command;
  for (const std::string& word : bound.argv) command.argv.push_back(place.expand(word));
  command.input = Secret(place.expand(bound.input));
  command.limit = limit;
  command.overlays = std::move(overlays);
  if (bound.as_account && !binding.account.empty()) {
    command.account = find_account(binding.account);
    if (!command.account) {
      return fail(ErrorKind::kFailed, "CF1662", "this computer has no account " + binding.account,
                  "install the service, or correct the binding");
    }
  }
  return run_program(process, command, bound.expect, id);
}

Result<pid_t> pid_from(FileSystem& files, const std::string& path) {
  CERTFERRY_ASSIGN(const Secret text, files.read(path, 4096));
  const std::string_view word = text.text().substr(0, text.text().find_first_of(" \t\r\n"));
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), pid);
  if (error == std::errc() && end == word.data() + word.size() && pid > 1) return pid;
  return fail(ErrorKind::kFailed, "CF1664", path + " holds no process number", "see whether the service runs");
}

Result<> send_signal(Process& process, FileSystem& files, const Reload& reload) {
  if (!reload.pid_file.empty()) {
    CERTFERRY_ASSIGN(const pid_t pid, pid_from(files, reload.pid_file));
    return process.signal(pid, reload.executable, reload.signal);
  }
  const std::vector<pid_t> all = process.find(reload.executable);
  if (all.size() == 1) return process.signal(all.front(), reload.executable, reload.signal);
  return fail(ErrorKind::kFailed, "CF1664",
              all.empty() ? reload.executable + " does not run" : "several processes run " + reload.executable,
              "name the service's pid_file in the binding");
}

// A transaction: what is refused is taken back, and the old certificate stays.
Result<> tell_haproxy(Process& process, FileSystem& files, const Binding& binding, const Reload& reload,
                      const BindingPlace& place) {
  const std::string path = place.expand(reload.certificate);
  CERTFERRY_ASSIGN(const Secret pem, files.read(path, kLargest));
  Bytes request;
  const std::string head = "set ssl cert " + path + " <<\n";
  request.reserve(head.size() + pem.size() + 1);
  request.insert(request.end(), head.begin(), head.end());
  request.insert(request.end(), pem.view().begin(), pem.view().end());
  request.push_back('\n');
  const std::chrono::milliseconds limit = binding.limits.reload;
  CERTFERRY_ASSIGN(const std::string set, process.ask(reload.socket, Secret(std::move(request)), limit));
  std::string answer = set;
  if (set.starts_with("Transaction ")) {
    CERTFERRY_ASSIGN(answer, process.ask(reload.socket, Secret("commit ssl cert " + path + "\n"), limit));
    if (answer.find("Success") != std::string::npos) return {};
  }
  static_cast<void>(process.ask(reload.socket, Secret("abort ssl cert " + path + "\n"), limit));
  while (answer.ends_with('\n')) answer.pop_back();
  return fail(ErrorKind::kFailed, "CF1664", "haproxy refuses " + path + ": " + escape_terminal(answer),
              "see whether its configuration names the certificate by exactly this path");
}

Result<> reload_once(Process& process, FileSystem& files, const Binding& binding, const Reload& reload,
                     const BindingPlace& place) {
  switch (reload.kind) {
    case Reload::Kind::kNone: return {};
    case Reload::Kind::kCommand:
      return run(process, binding, place, reload.command, binding.limits.reload, {}, "CF1664");
    case Reload::Kind::kSignal: return send_signal(process, files, reload);
    case Reload::Kind::kCertbotHooks: return run_certbot_hooks(process, files, binding, place, reload.hooks);
    case Reload::Kind::kRuntimeSocket: return tell_haproxy(process, files, binding, reload, place);
  }
  return {};
}

Result<> prepare(Process& process, const Binding& binding, const BindingPlace& place) {
  for (const BoundCommand& command : binding.prepare)
    CERTFERRY_TRY(run(process, binding, place, command, binding.limits.reload, {}, "CF1664"));
  return {};
}

}  // namespace

Result<> test_configuration(Process& process, const Binding& binding, const BindingPlace& place,
                            std::vector<Overlay> overlays) {
  if (!binding.test) return {};
  return run(process, binding, place, *binding.test, binding.limits.test, std::move(overlays), "CF1663");
}

Result<> reload(Process& process, FileSystem& files, const Binding& binding, const BindingPlace& place) {
  CERTFERRY_TRY(prepare(process, binding, place));
  Result<> done;
  for (int i = 0; i <= binding.reload.retries; ++i) {
    std::this_thread::sleep_for(binding.reload.quiet);
    done = reload_once(process, files, binding, binding.reload, place);
    if (done) break;
  }
  if (done) std::this_thread::sleep_for(binding.reload.quiet);
  const bool unreachable = !done && done.error().id == "CF1183";
  if (unreachable && binding.fallback) return reload_once(process, files, binding, *binding.fallback, place);
  return done;
}

Result<> restart(Process& process, const Binding& binding, const BindingPlace& place) {
  if (!binding.restart) {
    return fail(ErrorKind::kFailed, "CF1665", "the binding " + binding.name + " says not how to restart the service",
                "add [restart] with its command, or restart it by hand");
  }
  CERTFERRY_TRY(prepare(process, binding, place));
  return run(process, binding, place, *binding.restart, binding.limits.reload, {}, "CF1664");
}

}  // namespace certferry::deploy
