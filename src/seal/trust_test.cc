#include "seal/trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "seal/join_token.h"
#include "seal/keys.h"
#include "seal/sealed_key.h"
#include "x509/digest.h"

namespace certferry::seal {
namespace {

using fleet::Computer;
using fleet::Scope;
using std::chrono::hours;

constexpr Time kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24);

Bytes spki(const x509::PrivateKey& key) { return to_bytes(key.public_key().spki()); }

// A fleet with an administrator who may do everything, one who may only import for a pool, and two computers.
class TrustTest : public ::testing::Test {
 protected:
  TrustTest() {
    EXPECT_TRUE(trust.add_delegation(delegation(everything)));
    EXPECT_TRUE(trust.add_delegation(delegation(only_the_pool)));
  }

  template <typename Statement>
  [[nodiscard]] static std::string signed_by(const x509::PrivateKey& key, const Statement& statement) {
    return to_json(*sign_statement(Statement::kKind, fleet::to_json(statement), key));
  }
  [[nodiscard]] std::string delegation(const fleet::Delegation& one) const { return signed_by(root, one); }
  [[nodiscard]] fleet::StatementHead head(std::uint64_t counter = 1) const { return {fleet, counter, kNow}; }

  [[nodiscard]] fleet::Manifest manifest() const {
    const Bytes der = to_bytes(as_bytes("a certificate"));
    const std::string sha256 = hex_lower(x509::sha256(der));
    fleet::Manifest made{head(7), Scope::pool("web.example"), "Default", "Import-CsCertificate",
                         {},      {{sha256, {der}, false}}};
    const fleet::Slot slot{{sha256, kNow, kNow + hours(24)}, 3, kNow, kNow};
    made.assignment = fleet::Assignment{made.scope, made.type, 3, slot, {}, {}, kNow};
    return made;
  }
  [[nodiscard]] fleet::Member member() const {
    return {head(), web, spki(sealing), spki(identity), "boot", fleet::Member::State::kActive};
  }

  const x509::PrivateKey root = *make_key(), administrator = *make_key(), helper = *make_key(), stranger = *make_key();
  const x509::PrivateKey sealing = *make_key(), identity = *make_key(), enrolment_key = *make_key();
  const std::string fleet = fingerprint(root.public_key().spki());
  const Computer web{"web01.example", "Redmond", "web.example", {}, {}};
  const Computer mail{"mail01.example", "Atlanta", "mail.example", {}, {}};
  const fleet::Delegation everything{head(), "ada", spki(administrator), {"*"}, {}, {Scope::global()}, {}};
  const fleet::Delegation only_the_pool{
      head(),          "bob", spki(helper), {"Import-CsCertificate"}, {{"Default"}}, {Scope::pool("web.example")},
      kNow + hours(24)};
  Trust trust = *Trust::make(fleet, root.public_key().spki());
};

TEST_F(TrustTest, TakesAManifestOfWhoeverMaySignIt) {
  for (const auto& [key, name] : {std::pair{&root, "root"}, {&administrator, "ada"}, {&helper, "bob"}}) {
    const auto taken = trust.manifest(signed_by(*key, manifest()), web, kNow);
    ASSERT_TRUE(taken) << taken.error().message;
    EXPECT_EQ(taken->statement, manifest());
    EXPECT_EQ(taken->signer, name);
  }
}

TEST_F(TrustTest, RefusesEveryOtherManifest) {
  struct Case {
    const char* what;
    std::function<void(fleet::Manifest&)> change;
    const x509::PrivateKey* key;
    const char* id;
    Time now = kNow;
    const Computer* here = nullptr;
  };
  const auto same = [](fleet::Manifest&) {};
  const std::vector<Case> cases = {
      {"of a stranger", same, &stranger, "CF2213"},
      {"of a computer", same, &identity, "CF2213"},
      {"another cmdlet", [](auto& m) { m.cmdlet = "Remove-CsCertificate"; }, &helper, "CF2214"},
      {"another type", [](auto& m) { m.type = m.assignment->type = "WebServicesExternal"; }, &helper, "CF2214"},
      {"after its time", same, &helper, "CF2215", kNow + hours(25)},
      {"another fleet", [](auto& m) { m.head.fleet = std::string(64, '0'); }, &administrator, "CF2212"},
      {"a scope that it is not in", same, &administrator, "CF2216", kNow, &mail},
      {"on a computer that is not theirs", [](auto& m) { m.scope = m.assignment->scope = Scope::global(); }, &helper,
       "CF2214", kNow, &mail},
      {"a digest of something else", [](auto& m) { m.certificates[0].sha256 = std::string(64, 'a'); }, &administrator,
       "CF2216"},
      {"no chain", [](auto& m) { m.certificates[0].chain.clear(); }, &administrator, "CF2216"},
      {"a certificate that it lacks", [](auto& m) { m.certificates.clear(); }, &administrator, "CF2216"},
      {"another scope inside", [](auto& m) { m.assignment->scope = Scope::global(); }, &administrator, "CF2216"},
      {"another type inside", [](auto& m) { m.assignment->type = "WebServicesExternal"; }, &administrator, "CF2216"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    fleet::Manifest changed = manifest();
    one.change(changed);
    const auto taken = trust.manifest(signed_by(*one.key, changed), one.here ? *one.here : web, one.now);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().id, one.id) << taken.error().message;
  }
  // Signed, and of another kind.
  const auto wrong_kind = trust.manifest(signed_by(administrator, member()), web, kNow);
  ASSERT_FALSE(wrong_kind);
  EXPECT_EQ(wrong_kind.error().id, "CF2211");
}

TEST_F(TrustTest, RefusesEveryFlippedBitOfAnEnvelope) {
  const std::string whole = signed_by(helper, manifest());
  ASSERT_TRUE(trust.manifest(whole, web, kNow));
  std::size_t accepted = 0;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string changed = whole;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    const auto taken = trust.manifest(changed, web, kNow);
    // Base64 has several texts for the last octets: they say the same.
    if (!taken) continue;
    ++accepted;
    EXPECT_EQ(taken->statement, manifest());
  }
  EXPECT_LT(accepted, 16u);
}

TEST_F(TrustTest, ANewerDelegationTakesThePlaceOfTheOlderInAnyOrder) {
  fleet::Delegation withdrawn = only_the_pool;
  withdrawn.head.counter = 2;
  withdrawn.cmdlets.clear();
  ASSERT_TRUE(trust.add_delegation(delegation(withdrawn)));
  ASSERT_TRUE(trust.add_delegation(delegation(only_the_pool)));
  const auto taken = trust.manifest(signed_by(helper, manifest()), web, kNow);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().id, "CF2214");
}

TEST_F(TrustTest, OnlyTheRootDelegates) {
  fleet::Delegation own = everything;
  own.key = spki(stranger);
  for (const x509::PrivateKey* key : {&stranger, &administrator}) {
    const auto added = trust.add_delegation(signed_by(*key, own));
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().id, "CF2213");
  }
  const auto other = Trust::make(fleet, stranger.public_key().spki());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().id, "CF2212");
}

TEST_F(TrustTest, AComputerJoinsAsItsEnrolmentAllowsAndNotOtherwise) {
  const std::string enrolment =
      signed_by(administrator, fleet::Enrolment{head(), web, spki(enrolment_key), kNow + std::chrono::minutes(15)});
  const auto joined = trust.joined(signed_by(enrolment_key, member()), enrolment);
  ASSERT_TRUE(joined) << joined.error().message;
  EXPECT_EQ(joined->statement, member());

  struct Case {
    const char* what;
    std::function<void(fleet::Member&)> change;
    const x509::PrivateKey* key;
    const char* id;
  };
  const std::vector<Case> cases = {
      {"another name", [](auto& m) { m.computer.fqdn = "db01.example"; }, &enrolment_key, "CF2216"},
      {"another pool", [](auto& m) { m.computer.pool = "db.example"; }, &enrolment_key, "CF2216"},
      {"more types", [](auto& m) { m.computer.types = {{"Default"}}; }, &enrolment_key, "CF2216"},
      {"too late", [](auto& m) { m.head.issued += hours(1); }, &enrolment_key, "CF2215"},
      {"its own key", [](auto&) {}, &identity, "CF2213"},
      {"no key of P-256", [](auto& m) { m.sealing_key = {1, 2, 3}; }, &enrolment_key, "CF2201"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    fleet::Member changed = member();
    one.change(changed);
    const auto refused = trust.joined(signed_by(*one.key, changed), enrolment);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().id, one.id) << refused.error().message;
  }
  // Who may import may not enrol.
  const auto by_helper = trust.joined(
      signed_by(enrolment_key, member()),
      signed_by(helper, fleet::Enrolment{head(), web, spki(enrolment_key), kNow + std::chrono::minutes(15)}));
  ASSERT_FALSE(by_helper);
  EXPECT_EQ(by_helper.error().id, "CF2214");
}

TEST_F(TrustTest, AComputerSpeaksForItselfAlone) {
  fleet::Status status{head(),
                       "web01.example",
                       "boot",
                       {{"Default", Scope::global(), 3, "aa", fleet::ReportedUse::State::kVerified, ""}}};
  EXPECT_TRUE(trust.status(signed_by(identity, status), member()));
  EXPECT_EQ(trust.status(signed_by(sealing, status), member()).error().id, "CF2213");
  for (const auto state :
       {fleet::Member::State::kLost, fleet::Member::State::kRemoved, fleet::Member::State::kQuarantined}) {
    fleet::Member gone = member();
    gone.state = state;
    EXPECT_EQ(trust.status(signed_by(identity, status), gone).error().id, "CF2214");
  }
  status.fqdn = "mail01.example";
  EXPECT_EQ(trust.status(signed_by(identity, status), member()).error().id, "CF2216");
}

TEST_F(TrustTest, AnOlderStatementIsAReplayAndAnotherOneOfTheSameCountAFork) {
  EXPECT_EQ(follows(head(3), "a", head(4), "b"), true);
  EXPECT_EQ(follows(head(3), "a", head(3), "a"), false);
  EXPECT_EQ(follows(head(3), "a", head(2), "a").error().id, "CF2217");
  EXPECT_EQ(follows(head(3), "a", head(3), "b").error().id, "CF2218");
}

TEST_F(TrustTest, ASealedKeyOpensForItsComputerAndUseAlone) {
  const x509::PrivateKey key = *make_key();
  const SealedPlace place{fleet, "web01.example", "Default", "pool:web.example", 3, std::string(64, 'a'), false};
  const auto sealed = seal_key(key, sealing.public_key(), place);
  ASSERT_TRUE(sealed);
  const auto opened = open_key(*sealed, sealing, place, key.public_key());
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->pkcs8(), key.pkcs8());

  EXPECT_EQ(open_key(*sealed, identity, place, key.public_key()).error().id, "CF2204");
  EXPECT_EQ(open_key(*sealed, sealing, place, stranger.public_key()).error().id, "CF2205");
  const std::vector<std::function<void(SealedPlace&)>> changes = {[](auto& p) { p.fleet = std::string(64, '0'); },
                                                                  [](auto& p) { p.computer = "web02.example"; },
                                                                  [](auto& p) { p.type = "WebServicesExternal"; },
                                                                  [](auto& p) { p.scope = "global"; },
                                                                  [](auto& p) { p.generation = 2; },
                                                                  [](auto& p) { p.sha256 = std::string(64, 'b'); },
                                                                  [](auto& p) { p.exportable = true; }};
  for (const auto& change : changes) {
    SealedPlace moved = place;
    change(moved);
    EXPECT_EQ(open_key(*sealed, sealing, moved, key.public_key()).error().id, "CF2204");
  }
  for (const char* text : {"", "{}", "[]", R"({"schema":2,"enc":"","ct":""})", R"({"schema":1,"enc":1,"ct":""})"})
    EXPECT_EQ(open_key(text, sealing, place, key.public_key()).error().id, "CF2206") << text;
}

TEST_F(TrustTest, AJoinTokenSurvivesCopyingAndShowsWhereItDidNot) {
  const JoinToken token{
      web, fleet, spki(root), {"ferry.example:8443", "[2001:db8::1]:8443"}, kNow, enrolment_key.clone()};
  const Secret text = to_text(token);
  const auto read = join_token_from("  " + std::string(text.text()) + "\n");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->computer, token.computer);
  EXPECT_EQ(read->root, token.root);
  EXPECT_EQ(read->fleet, token.fleet);
  EXPECT_EQ(read->relays, token.relays);
  EXPECT_EQ(read->not_after, token.not_after);
  EXPECT_EQ(read->key.pkcs8(), token.key.pkcs8());
  for (std::size_t length = 0; length < text.size(); ++length)
    EXPECT_EQ(join_token_from(text.text().substr(0, length)).error().id, "CF2220");
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed(text.text());
    changed[i] = changed[i] == 'a' ? 'b' : 'a';
    if (changed == text.text()) continue;
    EXPECT_EQ(join_token_from(changed).error().id, "CF2220");
  }
}

TEST(Dsse, SignsWhatItsProtocolSays) {
  EXPECT_EQ(as_text(pre_authentication("http://example.com/HelloWorld", "hello world")),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

TEST(Dsse, RefusesWhatIsNoEnvelope) {
  const std::string payload = R"("payloadType":"a","payload":"aGk=")";
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), "{" + payload + "}", "{" + payload + R"(,"signatures":[]})",
        "{" + payload + R"(,"signatures":[{"keyid":"a"}]})",
        "{" + payload + R"(,"signatures":[{"keyid":"a","sig":"?"}]})",
        "{" + payload + R"(,"more":1,"signatures":[{"keyid":"a","sig":"aGk="}]})",
        "{" + payload + R"(,"signatures":[{"keyid":"a","sig":"aGk=","more":[[[[[]]]]]}]})",
        std::string(kMaxEnvelope + 1, ' '), std::string(100'000, '[')}) {
    const auto read = envelope_from_json(text);
    ASSERT_FALSE(read) << text.substr(0, 100);
    EXPECT_EQ(read.error().id, "CF2210");
  }
  EXPECT_TRUE(envelope_from_json("{" + payload + R"(,"signatures":[{"keyid":"a","sig":"aGk="}]})"));
}

}  // namespace
}  // namespace certferry::seal
