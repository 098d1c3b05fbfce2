#include "fleet/topology_file.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace certferry::fleet {
namespace {

const TypeTable kTypes;

TEST(TopologyFile, IsReadAsItIsWritten) {
  Topology topology;
  topology.computers.resize(3);
  topology.computers[0].fqdn = "web01.example.com";
  topology.computers[0].site = "Redmond";
  topology.computers[0].pool = "web.example.com";
  topology.computers[0].types = {"Default", "WebServicesExternal"};
  topology.computers[1].fqdn = "web02.example.com";
  topology.computers[2].fqdn = "web03.example.com";
  topology.computers[2].types.emplace();
  const std::string text = to_toml(topology, "a fleet");
  EXPECT_EQ(
      text,
      "# a fleet\n\n[[computers]]\nfqdn = \"web01.example.com\"\nsite = \"Redmond\"\npool = \"web.example.com\"\n"
      "types = [\"Default\", \"WebServicesExternal\"]\n\n[[computers]]\nfqdn = \"web02.example.com\"\n\n[[computers]]\n"
      "fqdn = \"web03.example.com\"\ntypes = []\n");
  const auto read = topology_from_toml(text, "f.toml", kTypes);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->computers, topology.computers);
}

TEST(TopologyFile, SaysWhereItIsWrong) {
  const std::string head = "[[computers]]\nfqdn = \"a.example.com\"\n";
  const std::pair<std::string, std::string> cases[] = {
      {"computers = 3\n", "f.toml:1:13: 'computers' is no list"},
      {"[computer]\n", "f.toml:1:2: unknown key 'computer'"},
      {"[[computers]]\nsite = \"x\"\n", "f.toml:1:1: a computer has no fqdn"},
      {head + head, "f.toml:3:1: a.example.com is there twice"},
      {head + "colour = \"red\"\n", "f.toml:3:1: unknown key 'colour'"},
      {head + "types = \"Default\"\n", "f.toml:3:9: 'types' wants a list"},
      {head + "types = [\"Nothing\"]\n", "f.toml:3:10: there is no type Nothing"},
      {head + "pool = 7\n", "f.toml:3:8: 'pool' wants a text"},
  };
  for (const auto& [text, message] : cases) {
    const auto read = topology_from_toml(text, "f.toml", kTypes);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().id, "CF1934");
    EXPECT_EQ(read.error().message, message);
  }
}

TEST(TopologyFile, AnyNameOfASiteComesBack) {
  EXPECT_TRUE(rc::check("sites", [](std::string name) {
    for (char& c : name) c = static_cast<char>(' ' + static_cast<unsigned char>(c) % 95);
    std::ranges::replace(name, '/', '"');
    const auto scope = Scope::parse("site:x" + name.substr(0, 100));
    RC_ASSERT(scope.has_value());
    Topology topology;
    topology.computers.resize(1);
    topology.computers[0].fqdn = "a.example.com";
    topology.computers[0].site = scope->name;
    const auto read = topology_from_toml(to_toml(topology, "x"), "f.toml", kTypes);
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->computers == topology.computers);
  }));
}

}  // namespace
}  // namespace certferry::fleet
