// Who may say what in a fleet. Everything that a computer acts upon goes through here: the store and the relay that it came
// from are not believed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "fleet/role.h"
#include "fleet/statements.h"
#include "seal/dsse.h"
#include "x509/public_key.h"

namespace certferry::seal {

template <typename Statement>
struct Verified {
  Statement statement;
  std::string signer;  // the delegation's name; "root"; the fqdn of a computer or of an enrolment
};

// The root's key and what it delegated. Every check fails with kNotPermitted or kRejected:
//   CF2210 no envelope or statement   CF2211 another kind of statement   CF2212 another fleet's
//   CF2213 signed by nobody who is known   CF2214 signed by somebody who may not do this (here)
//   CF2215 the delegation or enrolment has ended   CF2216 it contradicts itself or what it was allowed
class Trust {
 public:
  // `root`: SubjectPublicKeyInfo. `fleet`: the fingerprint that was pinned when the computer joined. CF2212 where they are
  // not each other's.
  [[nodiscard]] static Result<Trust> make(const std::string& fleet, ByteView root);

  [[nodiscard]] const std::string& fleet() const { return fleet_; }
  // The root's; of two for one key the one with the higher counter holds, whatever their order. CF2218 for another one under
  // the same counter: the first stays.
  [[nodiscard]] Result<> add_delegation(std::string_view envelope);

  // What shall serve; `here` acts on it. Its signer must have been delegated the manifest's cmdlet, for its type, in a scope
  // that `here` is in and that is no narrower than the manifest's.
  // A manifest for a scope without `here` is CF2216.
  [[nodiscard]] Result<Verified<fleet::Manifest>> manifest(std::string_view envelope, const fleet::Computer& here,
                                                           Time now) const;
  [[nodiscard]] Result<Verified<fleet::Enrolment>> enrolment(std::string_view envelope, Time now) const;
  // A computer's statement signed by an administrator.
  [[nodiscard]] Result<Verified<fleet::Member>> member(std::string_view envelope, Time now) const;
  // One signed by the key of its enrolment, at the time `issued` that it bears: as that allows, active, with the enrolment's own
  // counter. Another one by the same key is then seen as a fork (follows()), and none can jump ahead in the row.
  [[nodiscard]] Result<Verified<fleet::Member>> joined(std::string_view envelope, std::string_view enrolment) const;
  // Whoever was delegated anything may say that the fleet is heard.
  [[nodiscard]] Result<Verified<fleet::Heartbeat>> heartbeat(std::string_view envelope, Time now) const;
  // What a computer says of itself, by the identity key of its own statement. CF2214 unless that says it is active.
  [[nodiscard]] Result<Verified<fleet::Status>> status(std::string_view envelope, const fleet::Member& member) const;

 private:
  struct Delegate {
    fleet::Delegation delegation;
    x509::PublicKey key;
  };

  template <typename Statement>
  [[nodiscard]] Result<Statement> read(const Envelope& envelope) const;
  // Whoever of those who signed `may` do it.
  template <typename May>
  [[nodiscard]] Result<std::string> signer(const Envelope& envelope, Time now, const May& may) const;

  std::string fleet_;
  x509::PublicKey root_;
  std::map<std::string, Delegate> delegates_;  // by key id
};

// Whether `newer` may follow `older`, both envelopes about one thing that were verified: true where it says something new,
// false where it says the same again. CF2217 (kRejected) for an older one, CF2218 for another one under the same counter.
[[nodiscard]] Result<bool> follows(const fleet::StatementHead& older, std::string_view older_payload,
                                   const fleet::StatementHead& newer, std::string_view newer_payload);

}  // namespace certferry::seal
