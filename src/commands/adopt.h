// Where the fleet is administered: computers that want to join.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/finding.h"
#include "base/result.h"
#include "commands/environment.h"
#include "commands/frame.h"
#include "commands/home.h"
#include "fleet/statements.h"
#include "seal/trust.h"
#include "store/store.h"

namespace certferry::commands {

// Takes a computer in whose statement is signed with a token's key: an administrator signs it from then on, and the enrolment
// is gone, so that whoever finds the token later can say nothing with it, not even to a store of their own. False where it is
// in already. CF1769, CF1771, errors of seal/trust.h.
[[nodiscard]] Result<bool> adopt(Environment& environment, Home& home, store::Store& store, const seal::Trust& trust,
                                 const std::string& statement, Frame& frame);

struct Adopted {
  std::vector<std::string> computers;
  Findings findings;  // why others were not taken in
};
// All who joined through a relay. What cannot be taken in is taken out of the store, and told. Nothing where the home has no
// administrator's key.
[[nodiscard]] Result<Adopted> adopt_waiting(Environment& environment, Home& home, Frame& frame);

// A computer that asked to join without a token.
struct Applicant {
  std::string key;  // of the store
  fleet::Member member;  // as it calls itself: nobody vouches for it
  std::string fingerprint;
};
// Of both its keys: SHA-256, lower-case hex. What the computer shows, and an administrator compares.
[[nodiscard]] std::string fingerprint_of(const fleet::Member& member);
// Those whose own key signed what they say.
[[nodiscard]] Result<std::vector<Applicant>> applicants(store::Store& store);

}  // namespace certferry::commands
