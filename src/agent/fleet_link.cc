#include "agent/fleet_link.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "commands/fleet_files.h"
#include "commands/fleet_status.h"
#include "commands/frame.h"
#include "commands/refusals.h"
#include "commands/relay_setup.h"
#include "commands/take.h"

namespace certferry::agent {
namespace {

constexpr std::chrono::minutes kTellAgain{15};

bool is_of_the_fleet(const Error& error) {
  return error.kind == ErrorKind::kRejected || error.kind == ErrorKind::kNotPermitted;
}

std::string in_words(const Error& error) {
  return error.id + ": " + error.message + (error.fix.empty() ? "" : "; fix: " + error.fix);
}

}  // namespace

Result<std::unique_ptr<FleetLink>> FleetLink::make(commands::Environment& environment, const commands::Home& home,
                                                   const Log& log) {
  if (!home.membership() || home.membership()->relays.empty()) return nullptr;
  auto came = std::make_shared<Descriptor>(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!came->valid()) {
    return fail(ErrorKind::kFailed, "CF2105",
                std::string("the agent cannot be woken by its fleet: eventfd: ") + std::strerror(errno),
                "raise the limit of open files of the service");
  }
  std::unique_ptr<FleetLink> made(new FleetLink(came, log));
  CERTFERRY_TRY(made->connect(environment, home));
  return made;
}

Result<> FleetLink::connect(commands::Environment& environment, const commands::Home& home) {
  const auto wake = [came = came_] { static_cast<void>(::eventfd_write(came->get(), 1)); };
  CERTFERRY_ASSIGN(identity_, commands::identity_mark(environment.files, home.path()));
  client_.reset();
  CERTFERRY_ASSIGN(client_, commands::connect_to_relays(environment, home.path(), *home.membership(), wake));
  client_->follow();
  return {};
}

Result<> FleetLink::look(commands::Environment& environment, commands::Home& home) {
  eventfd_t ignored = 0;
  static_cast<void>(::eventfd_read(came_->get(), &ignored));
  CERTFERRY_ASSIGN(const std::uint64_t identity, commands::identity_mark(environment.files, home.path()));
  if (identity != identity_) {
    log_(Severity::kInfo, "connects anew: this computer's keys were changed");
    CERTFERRY_TRY(connect(environment, home));
  }
  tell_state();
  CERTFERRY_TRY(tell(environment, home, patience_.overdue(environment.clock.now())));
  std::optional<relay::Client::Entries> entries = client_->entries();
  if (!entries || entries == taken_) return {};
  commands::Frame frame(environment, home.config().computer.fqdn);
  const auto taken = commands::take_over(environment, home, *entries, frame);
  for (const report::Step& step : frame.document.steps) log_(Severity::kInfo, step.action);
  CERTFERRY_TRY(tell(environment, home, patience_.to_tell(frame.document.findings, environment.clock.now())));
  if (!taken && !is_of_the_fleet(taken.error())) return std::unexpected(taken.error());
  if (!taken && frame.document.findings.empty()) log_(Severity::kFatal, in_words(taken.error()));
  taken_ = std::move(entries);
  return {};
}

Result<> FleetLink::report(commands::Environment& environment, commands::Home& home) {
  CERTFERRY_ASSIGN(fleet::Status status, commands::current_status(environment, home));
  if (!client_->state().connected) return {};
  if (told_ && status.head.issued < told_->head.issued + kTellAgain) {
    fleet::Status same = *told_;
    same.head = status.head;
    if (same == status) return {};
  }
  CERTFERRY_ASSIGN(const std::string statement, commands::sign_status(environment, home, status));
  CERTFERRY_TRY(client_->report(statement));
  told_ = std::move(status);
  return {};
}

std::optional<Time> FleetLink::due() const {
  std::optional<Time> due = patience_.due();
  if (told_) due = std::min(due.value_or(told_->head.issued + kTellAgain), told_->head.issued + kTellAgain);
  return due;
}

Result<> FleetLink::tell(commands::Environment& environment, commands::Home& home, const Findings& findings) const {
  for (const Finding& finding : findings)
    log_(finding.severity, finding.id + ": " + finding.message + (finding.fix.empty() ? "" : "; fix: " + finding.fix));
  return commands::record_refusals(environment, home, findings, environment.clock.now());
}

void FleetLink::tell_state() {
  const relay::Client::State state = client_->state();
  const std::string now = state.connected ? "connected to the relay " + state.relay
                          : state.trouble ? in_words(*state.trouble)
                                          : "";
  if (now.empty() || now == state_) return;
  state_ = now;
  told_.reset();
  log_(state.connected ? Severity::kInfo : Severity::kWarning, now);
}

}  // namespace certferry::agent
