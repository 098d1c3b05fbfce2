#include "checks/names.h"

#include <gtest/gtest.h>

#include "checks/checks.h"
#include "x509/testing/certificate_maker.h"

namespace certferry::checks {
namespace {

using x509::testing::make_certificate;
using x509::testing::server_spec;

TEST(Covers, FollowsRfc9525) {
  x509::Certificate certificate = make_certificate(server_spec({"www.litwareinc.com", "*.apps.litwareinc.com",
                                                                "w*.litwareinc.com", "IP:192.0.2.1", "IP:2001:db8::1"}))
                                      .certificate();
  for (const char* name : {"www.litwareinc.com", "WWW.LitwareInc.com", "www.litwareinc.com.", "a.apps.litwareinc.com",
                           "*.apps.litwareinc.com", "192.0.2.1", "2001:DB8:0:0::1"}) {
    EXPECT_TRUE(covers(certificate, name)) << name;
  }
  for (const char* name : {"", ".", "litwareinc.com", "apps.litwareinc.com", ".apps.litwareinc.com",
                           "a.b.apps.litwareinc.com", "web.litwareinc.com", "*.litwareinc.com", "192.0.2.2", "*"}) {
    EXPECT_FALSE(covers(certificate, name)) << name;
  }
}

TEST(NeededNames, ComeFromTypesAndComputers) {
  fleet::Type external = fleet::TypeTable().get("WebServicesExternal").value();
  external.names = {"www.litwareinc.com", "web01.litwareinc.com"};
  external.origins["names"] = "certferry.toml:4";
  std::vector<fleet::Type> types = {fleet::TypeTable().get("Default").value(), external};
  std::vector<fleet::Computer> computers = {
      {"web01.litwareinc.com", "", "web.litwareinc.com", std::nullopt, {}},
      {"sip01.litwareinc.com", "", "", std::vector<std::string>{"XMPPServer"}, {}}};
  std::string text;
  for (const NeededName& needed : needed_names(types, computers)) {
    text += needed.name + " | " + needed.because + " | " + (needed.required ? "required" : "wanted") + "\n";
  }
  EXPECT_EQ(text,
            "web01.litwareinc.com | names of WebServicesExternal (certferry.toml:4) | required\n"
            "web.litwareinc.com | pool of web01.litwareinc.com, for Default | wanted\n"
            "www.litwareinc.com | names of WebServicesExternal (certferry.toml:4) | required\n");
}

}  // namespace
}  // namespace certferry::checks
