// What is said in a fleet, each by somebody who signs it (seal/trust.h says who may say what). Plain values; `fleet` is the
// fleet's id: the SHA-256 of its root key's SubjectPublicKeyInfo, lower-case hex. Keys are SubjectPublicKeyInfo, DER.
// `counter` grows with each statement about the same thing: an older one is a replay.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "fleet/assignment.h"
#include "fleet/scope.h"
#include "fleet/topology.h"

namespace certferry::fleet {

struct StatementHead {
  std::string fleet;
  std::uint64_t counter = 0;
  Time issued{};
  bool operator==(const StatementHead&) const = default;
};

// The root's: who may do what, where. Each computer holds whoever acts on it to it.
struct Delegation {
  static constexpr std::string_view kKind = "delegation";
  StatementHead head;
  std::string name;  // of a person or a machine, for the audit
  Bytes key;
  std::vector<std::string> cmdlets;  // "Import-CsCertificate"; "*": all
  std::optional<std::vector<std::string>> types;  // canonical names; nothing: all
  std::vector<Scope> scopes;  // what it may act on: computers in one of them
  std::optional<Time> not_after;
  bool operator==(const Delegation&) const = default;
};

// An administrator's: a computer may join. The enrolment key's private half is in the join token alone.
struct Enrolment {
  static constexpr std::string_view kKind = "enrolment";
  StatementHead head;
  Computer computer;
  Bytes key;
  Time not_after{};
  bool operator==(const Enrolment&) const = default;
};

// A computer of the fleet and its two keys: signed by its enrolment key when it joins, by an administrator later.
struct Member {
  static constexpr std::string_view kKind = "computer";
  enum class State { kActive, kLost, kRemoved, kQuarantined };
  StatementHead head;
  Computer computer;
  Bytes sealing_key;  // of P-256: private keys are sealed to it
  Bytes identity_key;  // of P-256: it signs what the computer says, and is its TLS client certificate's
  std::string boot_id;
  State state = State::kActive;
  bool operator==(const Member&) const = default;
};
// "active", "lost", "removed", "quarantined".
[[nodiscard]] std::string_view name_of(Member::State state);

struct ManifestCertificate {
  std::string sha256;  // of the first of the chain, lower-case hex
  std::vector<Bytes> chain;  // DER, the leaf first
  bool exportable = false;
  bool operator==(const ManifestCertificate&) const = default;
};

// An administrator's: what shall serve a type in a scope. Everything that is not secret.
struct Manifest {
  static constexpr std::string_view kKind = "manifest";
  StatementHead head;
  Scope scope;
  std::string type;
  std::string cmdlet;  // that made it so
  std::optional<Assignment> assignment;  // nothing: it was removed
  std::vector<ManifestCertificate> certificates;
  bool operator==(const Manifest&) const = default;
};

// What a computer says of one type.
struct ReportedUse {
  enum class State { kReceived, kStaged, kActive, kVerified, kFailed, kRolledBack };
  std::string type;
  Scope scope;
  std::uint64_t generation = 0;
  std::string sha256;
  State state = State::kReceived;
  std::string reason;  // of kFailed and kRolledBack
  bool operator==(const ReportedUse&) const = default;
};
// "received", "staged", "active", "verified", "failed", "rolled back".
[[nodiscard]] std::string_view name_of(ReportedUse::State state);

struct Status {
  static constexpr std::string_view kKind = "status";
  StatementHead head;
  std::string fqdn;
  std::string boot_id;
  std::vector<ReportedUse> uses;
  std::vector<std::string> alarms = {};  // ids of findings that its administrators should know of
  bool operator==(const Status&) const = default;
};

// Somebody's who administers: said anew all the time, so that computers notice when they are kept from hearing anything.
struct Heartbeat {
  static constexpr std::string_view kKind = "heartbeat";
  StatementHead head;
  bool operator==(const Heartbeat&) const = default;
};

// What a computer knows of its fleet; it believes its own disk, so that nobody signs this.
struct Membership {
  std::string fleet;
  Bytes root;  // the fleet's root key
  Computer computer;  // this one, as its fleet calls it
  std::vector<std::string> relays;  // "host:port", in the order to try them; none: it is reached by file alone
  bool operator==(const Membership&) const = default;
};

// JSON with a schema number, as of fleet/json.h: writing and reading again gives an equal value; CF1916, CF1917.
[[nodiscard]] std::string to_json(const Delegation& delegation);
[[nodiscard]] std::string to_json(const Enrolment& enrolment);
[[nodiscard]] std::string to_json(const Member& member);
[[nodiscard]] std::string to_json(const Manifest& manifest);
[[nodiscard]] std::string to_json(const Status& status);
[[nodiscard]] std::string to_json(const Heartbeat& heartbeat);
[[nodiscard]] std::string to_json(const Membership& membership);
template <typename Statement>
[[nodiscard]] Result<Statement> statement_from_json(std::string_view json);
template <>
[[nodiscard]] Result<Delegation> statement_from_json(std::string_view json);
template <>
[[nodiscard]] Result<Enrolment> statement_from_json(std::string_view json);
template <>
[[nodiscard]] Result<Member> statement_from_json(std::string_view json);
template <>
[[nodiscard]] Result<Manifest> statement_from_json(std::string_view json);
template <>
[[nodiscard]] Result<Status> statement_from_json(std::string_view json);
template <>
[[nodiscard]] Result<Heartbeat> statement_from_json(std::string_view json);
template <>
[[nodiscard]] Result<Membership> statement_from_json(std::string_view json);

// Whether `newer` may take the place of `older`, both about the same thing.
enum class Succession { kNewer, kSame, kReplay, kForked };  // kForked: another content under the same counter
[[nodiscard]] Succession succession(const StatementHead& older, std::string_view older_payload,
                                    const StatementHead& newer, std::string_view newer_payload);

}  // namespace certferry::fleet
