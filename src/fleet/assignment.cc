#include "fleet/assignment.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"

namespace certferry::fleet {
namespace {

using std::chrono::seconds;

Result<> check_validity(const CertificateRef& certificate, Time from, Time now) {
  if (from < certificate.not_before) {
    return fail(ErrorKind::kRejected, "CF1908",
                fmt::format("the certificate cannot be used at {}: it is not valid before {}", rfc3339(from),
                            rfc3339(certificate.not_before)),
                fmt::format("choose an effective date from {} to {}", rfc3339(certificate.not_before),
                            rfc3339(certificate.not_after)));
  }
  if (from > certificate.not_after) {
    bool expired = now > certificate.not_after;
    return fail(ErrorKind::kRejected, "CF1909",
                fmt::format("the certificate cannot be used at {}: it {} {}", rfc3339(from),
                            expired ? "expired at" : "expires at", rfc3339(certificate.not_after)),
                expired ? std::string("obtain a new certificate")
                        : fmt::format("choose an effective date from {} to {}", rfc3339(certificate.not_before),
                                      rfc3339(certificate.not_after)));
  }
  return {};
}

bool holds(const std::optional<Slot>& slot, const CertificateRef& certificate) {
  return slot && slot->certificate.sha256 == certificate.sha256;
}

bool holds(const std::optional<Next>& next, const CertificateRef& certificate) {
  return next && next->slot.certificate.sha256 == certificate.sha256;
}

// The one place where events are added, so that `updated` never lags behind.
class Change {
 public:
  explicit Change(const Assignment& before) : transition_{before, {}} {}
  Assignment& after() { return transition_.after; }
  void event(Event::Kind kind, const Slot& slot, Time at) {
    transition_.events.push_back({kind, slot.certificate.sha256, at});
    transition_.after.updated = std::max(transition_.after.updated, at);
  }
  Transition finish() { return std::move(transition_); }

 private:
  Transition transition_;
};

// The slot of a certificate that comes in: a staged one keeps its generation, any other gets a new one.
Slot incoming(Change& change, const CertificateRef& certificate, Time effective, Time now) {
  Assignment& after = change.after();
  if (holds(after.next, certificate)) {
    Slot slot = after.next->slot;
    slot.effective = effective;
    return slot;
  }
  if (holds(after.previous, certificate)) after.previous.reset();
  return {certificate, ++after.generation, effective, now};
}

void promote(Change& change, Time now) {
  Assignment& after = change.after();
  if (!after.next || due(after) > now) return;
  const Time at = due(after);
  Next next = *after.next;
  after.next.reset();
  if (now > next.slot.certificate.not_after) {
    change.event(Event::Kind::kExpired, next.slot, next.slot.certificate.not_after);
    return;
  }
  std::optional<Slot> replaced = after.current;
  after.current = next.slot;
  after.current->since = at;
  change.event(Event::Kind::kPrimary, next.slot, at);
  if (!replaced) return;
  if (!next.roll) {
    change.event(Event::Kind::kRetired, *replaced, at);
    return;
  }
  if (after.previous) change.event(Event::Kind::kRetired, *after.previous, at);
  after.previous = replaced;
  after.previous->since = at;
  change.event(Event::Kind::kPrevious, *replaced, at);
}

// The first second at which the previous one is no longer kept.
Time end_of(const Slot& previous, std::optional<seconds> window) {
  Time expired = previous.certificate.not_after + seconds(1);
  return window ? std::min(expired, previous.since + *window) : expired;
}

Result<Transition> stage(const Assignment& before, const CertificateRef& certificate, Time effective, bool roll,
                         seconds lead, Time now) {
  if (before.next && holds(before.next, certificate) && before.next->slot.effective == effective &&
      before.next->roll == roll && before.next->lead == lead) {
    return Transition{before, {}};
  }
  Change change(before);
  std::optional<Next> displaced = before.next;
  Next next{incoming(change, certificate, effective, now), roll, std::nullopt, lead};
  if (holds(displaced, certificate)) {
    next.published = displaced->published;
  } else if (displaced) {
    change.event(Event::Kind::kWithdrawn, displaced->slot, now);
  }
  change.after().next = next;
  change.event(Event::Kind::kStaged, next.slot, now);
  promote(change, now);
  return change.finish();
}

std::unexpected<Error> none_is_staged(const Assignment& assignment) {
  return fail(ErrorKind::kUsage, "CF1913",
              fmt::format("no certificate is staged for {} in {}", assignment.type, assignment.scope.text()),
              "stage one with an effective date first; certferry roll list shows what is staged");
}

std::unexpected<Error> none_is_previous(const Assignment& assignment) {
  return fail(ErrorKind::kUsage, "CF1915",
              fmt::format("no previous certificate is kept for {} in {}", assignment.type, assignment.scope.text()),
              "certferry get shows which assignments have one");
}

std::unexpected<Error> already_in_use() {
  return fail(ErrorKind::kUsage, "CF1910", "the certificate is in use already",
              "leave out the effective date and the roll, or name another certificate");
}

}  // namespace

bool Assignment::names(std::string_view sha256) const { return stage_of(*this, sha256) != Stage::kRetired; }

Time due(const Assignment& assignment) {
  const Next& next = *assignment.next;
  if (next.lead.count() == 0 || !assignment.current) return next.slot.effective;
  const Time useless = assignment.current->certificate.not_after + seconds(1);
  const Time known = next.published ? *next.published + next.lead : useless;
  return std::max(next.slot.effective, std::min(known, useless));
}

std::string_view name_of(Stage stage) {
  switch (stage) {
    case Stage::kStaged: return "staged";
    case Stage::kPublished: return "published";
    case Stage::kPrimary: return "primary";
    case Stage::kPrevious: return "previous";
    case Stage::kRetired: return "retired";
  }
  return "retired";
}

Stage stage_of(const Assignment& assignment, std::string_view sha256) {
  if (assignment.current && assignment.current->certificate.sha256 == sha256) return Stage::kPrimary;
  if (assignment.previous && assignment.previous->certificate.sha256 == sha256) return Stage::kPrevious;
  if (assignment.next && assignment.next->slot.certificate.sha256 == sha256) {
    return assignment.next->published ? Stage::kPublished : Stage::kStaged;
  }
  return Stage::kRetired;
}

std::string_view name_of(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::kStaged: return "staged";
    case Event::Kind::kPublished: return "published";
    case Event::Kind::kPrimary: return "primary";
    case Event::Kind::kPrevious: return "previous";
    case Event::Kind::kRetired: return "retired";
    case Event::Kind::kWithdrawn: return "withdrawn";
    case Event::Kind::kExpired: return "expired";
  }
  return "retired";
}

Result<Transition> assign_now(const Assignment& before, const CertificateRef& certificate, Time now) {
  CERTFERRY_TRY(check_validity(certificate, now, now));
  if (holds(before.current, certificate)) return Transition{before, {}};
  Change change(before);
  Slot slot = incoming(change, certificate, now, now);
  slot.since = now;
  Assignment& after = change.after();
  if (holds(after.next, certificate)) after.next.reset();
  after.current = slot;
  change.event(Event::Kind::kPrimary, slot, now);
  if (before.current) change.event(Event::Kind::kRetired, *before.current, now);
  return change.finish();
}

Result<Transition> assign_at(const Assignment& before, const CertificateRef& certificate, Time effective, Time now) {
  if (effective <= now) return assign_now(before, certificate, now);
  CERTFERRY_TRY(check_validity(certificate, effective, now));
  if (holds(before.current, certificate)) return already_in_use();
  return stage(before, certificate, effective, false, seconds(0), now);
}

Result<Transition> roll(const Assignment& before, const CertificateRef& certificate, Time effective, Time now,
                        const RollOptions& options) {
  effective = std::max(effective, now);
  CERTFERRY_TRY(check_validity(certificate, effective, now));
  if (!before.current) {
    return fail(
        ErrorKind::kUsage, "CF1911",
        fmt::format("no certificate is in use for {} in {} that could be rolled", before.type, before.scope.text()),
        "assign the certificate without a roll");
  }
  if (holds(before.current, certificate)) return already_in_use();
  Time known_since = holds(before.next, certificate) ? before.next->published.value_or(now) : now;
  if (effective - known_since < options.lead && !options.accept_short_overlap) {
    return fail(ErrorKind::kRejected, "CF1912",
                fmt::format("verifiers of {} would know the new key for {} only before it signs, {} is asked for",
                            before.type, duration_text(effective - known_since), duration_text(options.lead)),
                fmt::format("choose an effective date from {} on, or accept it with --accept-short-overlap",
                            rfc3339(known_since + options.lead)));
  }
  if (options.lead.count() > 0 && !options.accept_short_overlap && effective > before.current->certificate.not_after) {
    return fail(ErrorKind::kRejected, "CF1918",
                fmt::format("the certificate in use for {} expires at {}, before the new one takes over", before.type,
                            rfc3339(before.current->certificate.not_after)),
                "choose an earlier effective date, or accept it with --accept-short-overlap");
  }
  return stage(before, certificate, effective, true, options.accept_short_overlap ? seconds(0) : options.lead, now);
}

Result<Transition> publish(const Assignment& before, Time now) {
  if (!before.next) return none_is_staged(before);
  if (before.next->published) return Transition{before, {}};
  Change change(before);
  change.after().next->published = now;
  change.event(Event::Kind::kPublished, before.next->slot, now);
  return change.finish();
}

Transition advance(const Assignment& before, std::optional<seconds> window, Time now) {
  Change change(before);
  promote(change, now);
  Assignment& after = change.after();
  if (after.previous && now >= end_of(*after.previous, window)) {
    change.event(Event::Kind::kRetired, *after.previous, end_of(*after.previous, window));
    after.previous.reset();
  }
  return change.finish();
}

std::optional<Time> next_change(const Assignment& assignment, std::optional<seconds> window) {
  std::optional<Time> when;
  if (assignment.next) when = due(assignment);
  if (assignment.previous) {
    Time end = end_of(*assignment.previous, window);
    when = when ? std::min(*when, end) : end;
  }
  return when;
}

Result<Transition> remove(const Assignment& before, Time now) {
  if (before.empty()) {
    return fail(ErrorKind::kUsage, "CF1914",
                fmt::format("nothing is assigned for {} in {}", before.type, before.scope.text()),
                "certferry get lists what is assigned");
  }
  Change change(before);
  if (before.current) change.event(Event::Kind::kRetired, *before.current, now);
  if (before.next) change.event(Event::Kind::kWithdrawn, before.next->slot, now);
  if (before.previous) change.event(Event::Kind::kRetired, *before.previous, now);
  change.after().current.reset();
  change.after().next.reset();
  change.after().previous.reset();
  return change.finish();
}

Result<Transition> withdraw(const Assignment& before, Time now) {
  if (!before.next) return none_is_staged(before);
  Change change(before);
  change.event(Event::Kind::kWithdrawn, before.next->slot, now);
  change.after().next.reset();
  return change.finish();
}

Result<Transition> roll_now(const Assignment& before, Time now, const RollOptions& options) {
  if (!before.next) return none_is_staged(before);
  const CertificateRef certificate = before.next->slot.certificate;
  return before.next->roll ? roll(before, certificate, now, now, options) : assign_now(before, certificate, now);
}

Result<Transition> roll_back(const Assignment& before, Time now) {
  if (!before.previous) return none_is_previous(before);
  const CertificateRef certificate = before.previous->certificate;
  CERTFERRY_TRY(check_validity(certificate, now, now));
  Change change(before);
  const std::optional<Slot> replaced = before.current;
  Assignment& after = change.after();
  after.current = incoming(change, certificate, now, now);
  change.event(Event::Kind::kPrimary, *after.current, now);
  if (!replaced) return change.finish();
  after.previous = replaced;
  after.previous->since = now;
  change.event(Event::Kind::kPrevious, *replaced, now);
  return change.finish();
}

Result<Transition> remove_previous(const Assignment& before, Time now) {
  if (!before.previous) return none_is_previous(before);
  Change change(before);
  change.event(Event::Kind::kRetired, *before.previous, now);
  change.after().previous.reset();
  return change.finish();
}

std::optional<Resolved> resolve(std::span<const Assignment> assignments, const Computer& computer,
                                std::string_view type, Time now) {
  if (!computer.hosts(type)) return std::nullopt;
  auto usable = [&](const Slot& slot) { return slot.effective <= now && slot.certificate.valid_at(now); };
  std::optional<Resolved> best;
  for (std::size_t i = 0; i < assignments.size(); ++i) {
    const Assignment& candidate = assignments[i];
    if (!equal_ignoring_case(candidate.type, type) || !computer.in(candidate.scope)) continue;
    if (best && !candidate.scope.narrower_than(assignments[best->assignment].scope)) continue;
    if (candidate.next && due(candidate) <= now && usable(candidate.next->slot)) {
      best = {i, candidate.next->slot};
    } else if (candidate.current && usable(*candidate.current)) {
      best = {i, *candidate.current};
    } else if (candidate.previous && usable(*candidate.previous)) {
      best = {i, *candidate.previous};
    }
  }
  return best;
}

}  // namespace certferry::fleet
