// Which certificate serves a type in a scope, and the roll from one to the next: values and pure functions.
//
//   staged ─▶ published ─▶ primary ─▶ previous ─▶ retired
//
// A certificate is never used before its notBefore or its effective date, nor after its notAfter; current, next and
// previous are always three different certificates; generations only grow, also over a removal.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "fleet/scope.h"
#include "fleet/topology.h"
#include "fleet/type.h"

namespace certferry::fleet {

// What an assignment knows of a certificate.
struct CertificateRef {
  std::string sha256;  // lower-case hex
  Time not_before{};   // both ends are part of the validity (RFC 5280 section 4.1.2.5)
  Time not_after{};

  [[nodiscard]] bool valid_at(Time when) const { return not_before <= when && when <= not_after; }
  bool operator==(const CertificateRef&) const = default;
};

// A certificate in one of the three places.
struct Slot {
  CertificateRef certificate;
  std::uint64_t generation = 0;  // given when it came in; stays with it
  Time effective{};              // may be used from then on
  // When it came to its place: staged (next), became primary (current), was replaced (previous).
  Time since{};
  bool operator==(const Slot&) const = default;
};

struct Next {
  Slot slot;
  bool roll = false;              // keeps the one it replaces as previous; else a hard cut
  std::optional<Time> published;  // since when verifiers know its key
  // How long they must know it before it becomes primary; 0: as long as it happens to be.
  std::chrono::seconds lead{0};
  bool operator==(const Next&) const = default;
};

// (scope, type) → current, next, previous. What was removed leaves its generation behind.
struct Assignment {
  Scope scope;
  std::string type;              // canonical name
  std::uint64_t generation = 0;  // the highest one given so far
  std::optional<Slot> current;
  std::optional<Next> next;
  std::optional<Slot> previous;
  Time updated{};

  [[nodiscard]] bool empty() const { return !current && !next && !previous; }
  [[nodiscard]] bool names(std::string_view sha256) const;
  bool operator==(const Assignment&) const = default;
};

// When the staged one becomes primary: at its date, and not before verifiers have known its key for the lead. A current
// one that expires ends the wait: nothing signs with it any more. `assignment.next` must be there.
[[nodiscard]] Time due(const Assignment& assignment);

enum class Stage { kStaged, kPublished, kPrimary, kPrevious, kRetired };
// "staged", "published", "primary", "previous", "retired".
[[nodiscard]] std::string_view name_of(Stage stage);
// Where that certificate is in the assignment's roll; retired where the assignment does not name it.
[[nodiscard]] Stage stage_of(const Assignment& assignment, std::string_view sha256);

// What happened to one certificate, for plans, reports and the audit.
struct Event {
  enum class Kind {
    kStaged,  // waits for its date
    kPublished,  // its key is known to verifiers
    kPrimary,  // is in use from now on
    kPrevious,  // was replaced, stays for the coexistence window
    kRetired,  // is no longer used in any way
    kWithdrawn,  // was staged and gave way to another one, or to nothing
    kExpired,  // was staged and cannot be used any more
  };
  Kind kind;
  std::string sha256;
  Time at{};
  bool operator==(const Event&) const = default;
};
[[nodiscard]] std::string_view name_of(Event::Kind kind);

// What a function of the state machine makes of an assignment. No events: nothing changed.
struct Transition {
  Assignment after;
  std::vector<Event> events;
  [[nodiscard]] bool changed() const { return !events.empty(); }
};

struct RollOptions {
  std::chrono::seconds lead{0};  // Type::lead
  bool accept_short_overlap = false;  // roll at the date even if the lead is too short
};

// Uses the certificate from now on: a hard cut. One that is staged is used at once; one that is previous is used again.
// A staged one that is another certificate stays staged. CF1908 before notBefore, CF1909 after notAfter (kRejected).
[[nodiscard]] Result<Transition> assign_now(const Assignment& before, const CertificateRef& certificate, Time now);
// Uses it from `effective` on (a date that has passed: now), by a hard cut then; nothing is kept as previous. Takes the
// place of one that is staged. CF1908/CF1909 for a date outside the validity, CF1910 where it is in use already.
[[nodiscard]] Result<Transition> assign_at(const Assignment& before, const CertificateRef& certificate, Time effective,
                                           Time now);
// Stages it; at `effective`, or when its key has been published for the lead, whichever is later, it becomes primary and
// the one it replaces previous. A date that has passed: now. CF1908, CF1909, CF1910 as above, CF1911 where nothing is in
// use that could be rolled, CF1912 where less than the lead is left until the date, CF1918 where the one in use expires
// before it.
[[nodiscard]] Result<Transition> roll(const Assignment& before, const CertificateRef& certificate, Time effective,
                                      Time now, const RollOptions& options);
// Verifiers know the key of the staged one. CF1913 where none is staged; published once, later calls change nothing.
[[nodiscard]] Result<Transition> publish(const Assignment& before, Time now);
// What is due at `now`: the staged one becomes primary (or is dropped, when it has expired meanwhile), the previous one
// is retired when `window` (Type::window()) has passed since it was replaced (none: only when it expires). Idempotent, and
// each computer may do it for itself: events and values bear the dates of the plan, not of the call.
[[nodiscard]] Transition advance(const Assignment& before, std::optional<std::chrono::seconds> window, Time now);
// When advance() has something to do next; nothing where it never has.
[[nodiscard]] std::optional<Time> next_change(const Assignment& assignment, std::optional<std::chrono::seconds> window);
// Unassigns current, next and previous. CF1914 where nothing is assigned.
[[nodiscard]] Result<Transition> remove(const Assignment& before, Time now);
// Gives the staged one up. CF1913 where none is staged.
[[nodiscard]] Result<Transition> withdraw(const Assignment& before, Time now);
// Uses the staged one at once, by a roll or a hard cut as it was staged. CF1913, CF1908, CF1909; CF1912 as of roll().
[[nodiscard]] Result<Transition> roll_now(const Assignment& before, Time now, const RollOptions& options);
// Uses the previous one again and keeps the current one as previous; what is staged stays staged. CF1915 where there is
// no previous one, CF1909 where it has expired.
[[nodiscard]] Result<Transition> roll_back(const Assignment& before, Time now);
// CF1915 where there is no previous one.
[[nodiscard]] Result<Transition> remove_previous(const Assignment& before, Time now);

// What a computer uses for a type at a time.
struct Resolved {
  std::size_t assignment = 0;  // index into what was given
  Slot slot;
};
// The narrowest scope that has a usable certificate wins; there the newest valid one: the staged one whose date has
// come, else the current one, else the previous one. Nothing where no scope has one, or the computer does not host the
// type. Works on assignments that nobody has advanced.
[[nodiscard]] std::optional<Resolved> resolve(std::span<const Assignment> assignments, const Computer& computer,
                                              std::string_view type, Time now);

}  // namespace certferry::fleet
