#include "fleet/scope.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "fleet/topology.h"

namespace certferry::fleet {
namespace {

TEST(Scopes, AreReadInAnyCaseAndWrittenOneWay) {
  struct Case {
    const char* text;
    const char* written;
  };
  for (const Case& c : {Case{"global", "Global"}, Case{"GLOBAL", "Global"}, Case{"Site:Redmond", "site:Redmond"},
                        Case{"POOL:Web.Litwareinc.com", "pool:web.litwareinc.com"},
                        Case{"computer:atl-cs-001.litwareinc.com.", "computer:atl-cs-001.litwareinc.com"},
                        Case{"service:Registrar:pool0.litwareinc.com", "pool:pool0.litwareinc.com"},
                        Case{"service:Anything:pool0.litwareinc.com", "pool:pool0.litwareinc.com"},
                        Case{"registrar:pool0.litwareinc.com", "pool:pool0.litwareinc.com"},
                        Case{"EdgeServer:pool0.litwareinc.com", "pool:pool0.litwareinc.com"}}) {
    Result<Scope> scope = Scope::parse(c.text);
    ASSERT_TRUE(scope) << c.text;
    EXPECT_EQ(scope->text(), c.written);
    EXPECT_EQ(Scope::parse(scope->text()).value(), *scope);
  }
}

TEST(Scopes, OtherTextsAreRefusedWithTheNearestForm) {
  struct Case {
    const char* text;
    const char* id;
    const char* fix;
  };
  for (const Case& c :
       {Case{"globl", "CF1904", "did you mean 'Global'?"}, Case{"pol:web.example", "CF1904", "did you mean 'pool'?"},
        Case{"registar:web.example", "CF1904", "did you mean 'Registrar'?"},
        Case{"", "CF1904", "write Global, site:<name>, pool:<fqdn> or computer:<fqdn>"},
        Case{"site:", "CF1904", "use 1 to 128 printable characters without '/'"},
        Case{"site:a/b", "CF1904", "use 1 to 128 printable characters without '/'"},
        Case{"computer:", "CF1905", "write the name as DNS knows it, as in web01.litwareinc.com"}}) {
    Result<Scope> scope = Scope::parse(c.text);
    ASSERT_FALSE(scope) << c.text;
    EXPECT_EQ(scope.error().id, c.id) << c.text;
    EXPECT_EQ(scope.error().fix, c.fix) << c.text;
  }
}

TEST(Scopes, AreEqualWhateverTheirCase) {
  EXPECT_EQ(Scope::site("Redmond"), Scope::site("REDMOND"));
  EXPECT_NE(Scope::site("a"), Scope::pool("a"));
  EXPECT_TRUE(Scope::computer("a").narrower_than(Scope::pool("a")));
  EXPECT_TRUE(Scope::pool("a").narrower_than(Scope::site("a")));
  EXPECT_TRUE(Scope::site("a").narrower_than(Scope::global()));
}

TEST(Scopes, NeverReadRubbishDifferentlyTwice) {
  EXPECT_TRUE(rc::check([](const std::string& text) {
    for (const char* prefix : {"", "site:", "pool:", "computer:", "service:x:"}) {
      Result<Scope> scope = Scope::parse(prefix + text);
      if (scope) RC_ASSERT(Scope::parse(scope->text()).value() == *scope);
    }
  }));
}

TEST(HostNames, AreChecked) {
  EXPECT_EQ(parse_fqdn("WEB01.Litwareinc.COM.").value(), "web01.litwareinc.com");
  EXPECT_EQ(parse_fqdn("web01").value(), "web01");
  EXPECT_EQ(parse_fqdn("xn--bcher-kva.example").value(), "xn--bcher-kva.example");
  std::string long_label(64, 'a');
  std::string long_name;
  for (int i = 0; i < 64; ++i) long_name += "abc.";
  for (const std::string& name :
       {std::string(), std::string("."), std::string("a..b"), std::string("-a.b"), std::string("a-.b"),
        std::string("a_b.c"), std::string("a b"), std::string("*.a.b"), std::string("192.0.2.1"),
        std::string("bücher.example"), std::string("a\0b.c", 5), long_label, long_name}) {
    EXPECT_EQ(parse_fqdn(name).error().id, "CF1905") << name;
  }
}

class TopologyTest : public testing::Test {
 protected:
  Topology topology_{{{"a.example", "Redmond", "web.example", std::nullopt, {}},
                      {"b.example", "redmond", "", std::vector<std::string>{"Default"}, {}},
                      {"c.example", "", "", std::vector<std::string>{"XMPPServer"}, {}}}};
};

TEST_F(TopologyTest, AScopeServesTheComputersThatHostTheType) {
  auto fqdns = [&](const Scope& scope, const char* type) {
    std::string all;
    for (const Computer& computer : topology_.serving(scope, type)) all += computer.fqdn + " ";
    return all;
  };
  EXPECT_EQ(fqdns(Scope::global(), "Default"), "a.example b.example ");
  EXPECT_EQ(fqdns(Scope::global(), "xmppserver"), "a.example c.example ");
  EXPECT_EQ(fqdns(Scope::site("REDMOND"), "Default"), "a.example b.example ");
  EXPECT_EQ(fqdns(Scope::pool("web.example"), "Default"), "a.example ");
  EXPECT_EQ(fqdns(Scope::computer("b.example"), "XMPPServer"), "");
}

TEST_F(TopologyTest, AScopeWithoutComputersIsAnError) {
  EXPECT_TRUE(topology_.check(Scope::site("redmond")));
  EXPECT_EQ(topology_.check(Scope::site("Redmnd")).error(),
            (Error{ErrorKind::kUsage, "CF1906", "no computer is in site:Redmnd", "did you mean 'site:Redmond'?"}));
  EXPECT_EQ(topology_.check(Scope::computer("b.example"), "XMPPServer").error().id, "CF1907");
}

TEST_F(TopologyTest, AComputerKnowsItsScopesFromTheNarrowest) {
  std::string all;
  for (const Scope& scope : topology_.computers[0].scopes()) all += scope.text() + " ";
  EXPECT_EQ(all, "computer:a.example pool:web.example site:Redmond Global ");
}

}  // namespace
}  // namespace certferry::fleet
