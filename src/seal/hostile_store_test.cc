// Whoever owns the store and the relay has everything that was ever written there, and nothing else. Nothing that they make
// of it is taken over, and each attempt is called what it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <functional>
#include <map>
#include <optional>

#include "seal/keys.h"
#include "seal/sealed_key.h"
#include "seal/trust.h"
#include "x509/testing/certificate_maker.h"

namespace certferry::seal {
namespace {

using fleet::Computer;
using fleet::Scope;
using std::chrono::hours;

constexpr Time kNow = x509::testing::kNow;
using Store = std::map<std::string, std::string>;

Bytes spki(const x509::PrivateKey& key) { return to_bytes(key.public_key().spki()); }

template <typename Statement>
std::string signed_by(const x509::PrivateKey& key, const Statement& statement) {
  return to_json(*sign_statement(Statement::kKind, fleet::to_json(statement), key));
}

x509::PrivateKey key_of(const x509::testing::MadeCertificate& made) {
  return *x509::PrivateKey::from_pkcs8(made.key.pkcs8());
}

std::string blob_key(const Computer& computer, std::uint64_t generation) {
  return "fleet/blobs/" + computer.fqdn + "/global/default/" + std::to_string(generation);
}
constexpr const char* kManifest = "fleet/manifests/global/default";

struct Machine {
  Computer computer;
  x509::PrivateKey sealing = *make_key(), identity = *make_key();
};

// A fleet of two computers whose administrator imported two generations, and all of its store at both times.
struct Fleet {
  Fleet() {
    import_generation(1);
    before = store;
    import_generation(2);
  }

  void import_generation(std::uint64_t generation) {
    const auto made = x509::testing::make_certificate(
        {.subject = {{"CN", "generation " + std::to_string(generation)}}, .names = {"web.example"}});
    const std::string sha256 = made.certificate().sha256_hex();
    for (const Machine* machine : {&web, &mail}) {
      const SealedPlace place{id, machine->computer.fqdn, "Default", "global", generation, sha256, false};
      store[blob_key(machine->computer, generation)] = *seal_key(key_of(made), machine->sealing.public_key(), place);
    }
    fleet::Manifest manifest{{id, generation, kNow},       Scope::global(), "Default", "Import-CsCertificate", {},
                             {{sha256, {made.der}, false}}};
    const fleet::Slot slot{{sha256, kNow, kNow + hours(24)}, generation, kNow, kNow};
    manifest.assignment = fleet::Assignment{Scope::global(), "Default", generation, slot, {}, {}, kNow};
    store[kManifest] = signed_by(administrator, manifest);
  }

  [[nodiscard]] Trust trust() const {
    Trust made = *Trust::make(id, root.public_key().spki());
    const fleet::Delegation all{{id, 1, kNow}, "ada", spki(administrator), {"*"}, {}, {Scope::global()}, {}};
    EXPECT_TRUE(made.add_delegation(signed_by(root, all)));
    return made;
  }

  const x509::PrivateKey root = *make_key(), administrator = *make_key();
  const std::string id = fingerprint(root.public_key().spki());
  Machine web{{"web01.example", "Redmond", "web.example", {}, {}}};
  Machine mail{{"mail01.example", "Atlanta", "mail.example", {}, {}}};
  Store store, before;
};

// What a computer does with what it is sent: verify, compare counters, open, hold the key against the certificate.
class Agent {
 public:
  Agent(const Fleet& fleet, const Machine& machine) : machine_(machine), trust_(fleet.trust()) {}

  Result<std::uint64_t> take(const Store& store) {
    CERTFERRY_ASSIGN(const Verified<fleet::Manifest> taken,
                     trust_.manifest(store.at(kManifest), machine_.computer, kNow));
    const fleet::Manifest& manifest = taken.statement;
    const std::string payload = envelope_from_json(store.at(kManifest))->payload;
    if (head_) CERTFERRY_TRY(follows(*head_, payload_, manifest.head, payload));
    const fleet::ManifestCertificate& one = manifest.certificates.at(0);
    const std::uint64_t generation = manifest.assignment->current->generation;
    CERTFERRY_ASSIGN(const x509::Certificate leaf, x509::Certificate::from_der(one.chain.at(0)));
    const SealedPlace place{trust_.fleet(), machine_.computer.fqdn, manifest.type, manifest.scope.key(), generation,
                            one.sha256,     one.exportable};
    const auto blob = store.find(blob_key(machine_.computer, generation));
    CERTFERRY_TRY(open_key(blob == store.end() ? "" : blob->second, machine_.sealing, place, leaf->public_key));
    head_ = manifest.head;
    payload_ = payload;
    return generation;
  }

 private:
  const Machine& machine_;
  Trust trust_;
  std::optional<fleet::StatementHead> head_;
  std::string payload_;
};

std::string outcome(const Result<std::uint64_t>& taken) {
  return taken ? "took " + std::to_string(*taken) : taken.error().id;
}

TEST(HostileStore, IsNotNeededForTheGoodCase) {
  const Fleet fleet;
  for (const Machine* machine : {&fleet.web, &fleet.mail}) {
    Agent agent(fleet, *machine);
    EXPECT_EQ(outcome(agent.take(fleet.before)), "took 1");
    EXPECT_EQ(outcome(agent.take(fleet.store)), "took 2");
    EXPECT_EQ(outcome(agent.take(fleet.store)), "took 2");
  }
}

TEST(HostileStore, CannotSwapMixReplayForgeOrSubstitute) {
  const Fleet fleet, other;
  const x509::PrivateKey own = *make_key();
  const std::string web1 = blob_key(fleet.web.computer, 1), web2 = blob_key(fleet.web.computer, 2);
  const std::string mail2 = blob_key(fleet.mail.computer, 2);
  const auto known = *x509::PrivateKey::from_pkcs8(x509::testing::TestKey::named("theirs").pkcs8());
  struct Case {
    const char* what;
    std::function<void(Store&)> attack;
    const char* id;
  };
  const std::vector<Case> cases = {
      {"swaps the blobs of two computers", [&](Store& s) { std::swap(s[web2], s[mail2]); }, "CF2204"},
      {"gives the blob of the older generation", [&](Store& s) { s[web2] = s[web1]; }, "CF2204"},
      {"replays the older manifest", [&](Store& s) { s[kManifest] = fleet.before.at(kManifest); }, "CF2217"},
      {"replays everything", [&](Store& s) { s = fleet.before; }, "CF2217"},
      {"gives another fleet's manifest", [&](Store& s) { s[kManifest] = other.store.at(kManifest); }, "CF2212"},
      {"gives another fleet's everything", [&](Store& s) { s = other.store; }, "CF2212"},
      {"seals a key of its own to the computer",
       [&](Store& s) {
         const auto manifest = fleet.trust().manifest(s[kManifest], fleet.web.computer, kNow);
         s[web2] = *seal_key(
             known, fleet.web.sealing.public_key(),
             {fleet.id, "web01.example", "Default", "global", 2, manifest->statement.certificates[0].sha256, false});
       },
       "CF2205"},
      {"signs the manifest anew",
       [&](Store& s) {
         s[kManifest] = to_json(*sign_statement("manifest", envelope_from_json(s[kManifest])->payload, own));
       },
       "CF2213"},
      {"signs it under the administrator's key id",
       [&](Store& s) {
         auto envelope = *envelope_from_json(s[kManifest]);
         envelope.signatures[0].signature = sign_statement("manifest", envelope.payload, own)->signatures[0].signature;
         s[kManifest] = to_json(envelope);
       },
       "CF2213"},
      {"takes the signatures away but for the key ids",
       [&](Store& s) {
         auto envelope = *envelope_from_json(s[kManifest]);
         envelope.signatures[0].signature.clear();
         s[kManifest] = to_json(envelope);
       },
       "CF2213"},
      {"passes a manifest off as a status",
       [&](Store& s) {
         auto envelope = *envelope_from_json(s[kManifest]);
         envelope.payload_type = payload_type("status");
         s[kManifest] = to_json(envelope);
       },
       "CF2211"},
      {"withholds the blob", [&](Store& s) { s.erase(web2); }, "CF2206"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    Agent agent(fleet, fleet.web);
    ASSERT_EQ(outcome(agent.take(fleet.store)), "took 2");
    Store attacked = fleet.store;
    one.attack(attacked);
    EXPECT_EQ(outcome(agent.take(attacked)), one.id);
    EXPECT_EQ(outcome(agent.take(fleet.store)), "took 2");  // and goes on as before
  }
}

// The administrator seals to the keys of the computers' statements: there a hostile store would like its own.
TEST(HostileStore, CannotSubstituteThePublicKeysOfAComputer) {
  const Fleet fleet;
  const Trust trust = fleet.trust();
  const x509::PrivateKey enrolment_key = *make_key(), own = *make_key();
  const std::string enrolment = signed_by(
      fleet.administrator,
      fleet::Enrolment{{fleet.id, 1, kNow}, fleet.web.computer, spki(enrolment_key), kNow + std::chrono::minutes(15)});
  const fleet::Member member{
      {fleet.id, 1, kNow},          fleet.web.computer, spki(fleet.web.sealing), spki(fleet.web.identity), "boot",
      fleet::Member::State::kActive};
  ASSERT_TRUE(trust.joined(signed_by(enrolment_key, member), enrolment));
  fleet::Member substituted = member;
  substituted.sealing_key = spki(own);
  EXPECT_EQ(trust.joined(signed_by(own, substituted), enrolment).error().id, "CF2213");
  EXPECT_EQ(trust.member(signed_by(own, substituted), kNow).error().id, "CF2213");
  // Its own identity key does not let a computer change its statement either.
  EXPECT_EQ(trust.member(signed_by(fleet.web.identity, substituted), kNow).error().id, "CF2213");
  // An enrolment of the attacker's own.
  EXPECT_EQ(trust
                .joined(signed_by(own, substituted), signed_by(own, fleet::Enrolment{{fleet.id, 1, kNow},
                                                                                     fleet.web.computer,
                                                                                     spki(own),
                                                                                     kNow + std::chrono::minutes(15)}))
                .error()
                .id,
            "CF2213");
}

// An enrolment gives a computer one place in the row of its statements: whoever finds the token later cannot jump ahead.
TEST(HostileStore, CannotUseAnEnrolmentForAnotherPlaceInTheRow) {
  const Fleet fleet;
  const x509::PrivateKey enrolment_key = *make_key();
  const std::string enrolment = signed_by(
      fleet.administrator,
      fleet::Enrolment{{fleet.id, 4, kNow}, fleet.web.computer, spki(enrolment_key), kNow + std::chrono::minutes(15)});
  fleet::Member member{
      {fleet.id, 4, kNow},          fleet.web.computer, spki(fleet.web.sealing), spki(fleet.web.identity), "boot",
      fleet::Member::State::kActive};
  ASSERT_TRUE(fleet.trust().joined(signed_by(enrolment_key, member), enrolment));
  for (const std::uint64_t counter : {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{5}, ~std::uint64_t{0}}) {
    member.head.counter = counter;
    const auto joined = fleet.trust().joined(signed_by(enrolment_key, member), enrolment);
    ASSERT_FALSE(joined) << counter;
    EXPECT_EQ(joined.error().id, "CF2216");
  }
}

// Somebody with one pool may not say what serves everywhere, not even as far as the pool is concerned.
TEST(HostileStore, CannotPassANarrowDelegationOffAsAWideOne) {
  const Fleet fleet;
  Trust trust = fleet.trust();
  const x509::PrivateKey helper = *make_key();
  const auto delegate = [&](std::uint64_t counter, const Scope& scope) {
    const fleet::Delegation one{{fleet.id, counter, kNow}, "bob", spki(helper), {"*"}, {}, {scope}, {}};
    EXPECT_TRUE(trust.add_delegation(signed_by(fleet.root, one)));
  };
  const auto says = [&](const Scope& scope) {
    const fleet::Manifest manifest{{fleet.id, 9, kNow}, scope, "Default", "Remove-CsCertificate", {}, {}};
    const auto taken = trust.manifest(signed_by(helper, manifest), fleet.web.computer, kNow);
    return taken ? taken->signer : taken.error().id;
  };
  const Scope global = Scope::global(), site = Scope::site("Redmond"), pool = Scope::pool("web.example"),
              computer = Scope::computer("web01.example");
  const std::vector<Scope> wide_to_narrow = {global, site, pool, computer};
  for (std::size_t own = 0; own < wide_to_narrow.size(); ++own) {
    delegate(own + 1, wide_to_narrow[own]);
    for (std::size_t asked = 0; asked < wide_to_narrow.size(); ++asked)
      EXPECT_EQ(says(wide_to_narrow[asked]), asked >= own ? "bob" : "CF2214")
          << wide_to_narrow[own].text() << " → " << wide_to_narrow[asked].text();
  }
}

// Two delegations of one key under one counter: the later one does not take the place of the other, and it is said.
TEST(HostileStore, CannotShowTwoDelegationsOfOneCounterUnnoticed) {
  const Fleet fleet;
  const x509::PrivateKey helper = *make_key();
  const fleet::Delegation wide{{fleet.id, 3, kNow}, "bob", spki(helper), {"*"}, {}, {Scope::global()}, {}};
  fleet::Delegation none = wide;
  none.cmdlets.clear();
  for (const bool wide_first : {true, false}) {
    Trust trust = fleet.trust();
    EXPECT_TRUE(trust.add_delegation(signed_by(fleet.root, wide_first ? wide : none)));
    const auto second = trust.add_delegation(signed_by(fleet.root, wide_first ? none : wide));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().id, "CF2218");
    EXPECT_TRUE(trust.add_delegation(signed_by(fleet.root, wide_first ? wide : none)));  // the same again
  }
}

TEST(HostileStore, CannotMoveASealedKeyWhateverThePlace) {
  const x509::PrivateKey computer = *make_key(), key = *make_key();
  const auto ascii = rc::gen::container<std::string>(rc::gen::inRange('\0', '\x7f'));
  EXPECT_TRUE(rc::check([&](std::uint64_t generation, std::uint64_t other_generation, bool exportable) {
    const SealedPlace place{"fleet", *ascii, "Default", *ascii, generation, "aa", exportable};
    const std::string other = *ascii;
    const auto sealed = seal_key(key, computer.public_key(), place);
    RC_ASSERT(sealed.has_value());
    const auto opened = open_key(*sealed, computer, place, key.public_key());
    RC_ASSERT(opened.has_value() && opened->pkcs8() == key.pkcs8());
    const auto refused = [&](auto change) {
      SealedPlace there = place;
      change(there);
      return there == place || !open_key(*sealed, computer, there, key.public_key());
    };
    RC_ASSERT(refused([&](SealedPlace& p) { p.computer = other; }));
    RC_ASSERT(refused([&](SealedPlace& p) { p.scope = other; }));
    RC_ASSERT(refused([&](SealedPlace& p) { p.generation = other_generation; }));
    RC_ASSERT(refused([&](SealedPlace& p) { p.exportable = !p.exportable; }));
    RC_ASSERT(refused([&](SealedPlace& p) { std::swap(p.computer, p.scope); }));
  }));
}

// "for" only saves work: a store that writes it onto another blob has it left there, and then it does not open.
TEST(HostileStore, GainsNothingByWritingForWhomABlobIs) {
  const Fleet fleet;
  const x509::PrivateKey key = *make_key();
  const SealedPlace place{fleet.id, "web01.example", "Default", "global", 2, "aa", false};
  SealedPlace older = place;
  older.generation = 1;
  const auto sealed = seal_key(key, fleet.web.sealing.public_key(), place);
  const auto sealed_before = seal_key(key, fleet.web.sealing.public_key(), older);
  ASSERT_TRUE(sealed && sealed_before);
  EXPECT_TRUE(is_sealed_for(*sealed, fleet.web.sealing.public_key(), place));
  EXPECT_FALSE(is_sealed_for(*sealed, fleet.mail.sealing.public_key(), place));
  EXPECT_FALSE(is_sealed_for(*sealed, fleet.web.sealing.public_key(), older));
  for (const char* text : {"", "[]", "{}", R"({"for":1})"})
    EXPECT_FALSE(is_sealed_for(text, fleet.web.sealing.public_key(), place)) << text;

  const auto whom = [](const std::string& blob) { return blob.substr(blob.find("\"for\""), 6 + 66); };
  std::string relabelled = *sealed_before;
  relabelled.replace(relabelled.find(whom(relabelled)), whom(relabelled).size(), whom(*sealed));
  EXPECT_TRUE(is_sealed_for(relabelled, fleet.web.sealing.public_key(), place));
  EXPECT_EQ(open_key(relabelled, fleet.web.sealing, place, key.public_key()).error().id, "CF2204");
}

// JSON has one U+FFFD for all of them: two places would be one.
TEST(HostileStore, GetsNoSealForANameThatIsNoUtf8) {
  const x509::PrivateKey computer = *make_key(), key = *make_key();
  const SealedPlace good{"fleet", "web01.example", "Default", "site:caf\xc3\xa9", 1, "aa", false};
  SealedPlace bad = good;
  bad.scope = "site:caf\xe9";
  const auto sealed = seal_key(key, computer.public_key(), good);
  ASSERT_TRUE(sealed);
  EXPECT_EQ(seal_key(key, computer.public_key(), bad).error().id, "CF2207");
  EXPECT_EQ(open_key(*sealed, computer, bad, key.public_key()).error().id, "CF2207");
}

}  // namespace
}  // namespace certferry::seal
