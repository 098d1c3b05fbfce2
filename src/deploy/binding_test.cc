#include "deploy/binding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "base/testing/fault_file_system.h"
#include "deploy/binding_set.h"

namespace certferry::deploy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string mistake(const std::string& text) {
  const auto binding = parse_binding(text, "x.toml");
  return binding ? "none" : binding.error().id + " " + binding.error().message + " | " + binding.error().fix;
}

TEST(Binding, ShowsTheLineAndTheNearestKey) {
  EXPECT_EQ(mistake("name = \"x\"\n[reload]\nnone = true\nretrys = 3\n"),
            "CF1641 x.toml:4:1: unknown key 'retrys' in [reload]\n  retrys = 3\n  ^ | did you mean 'retries'?");
  EXPECT_EQ(
      mistake("name = \"x\"\n[[file]]\ncontent = \"fulchain\"\npath = \"/a/b\"\n[reload]\nnone = true\n"),
      "CF1643 x.toml:3:11: 'fulchain' is not a value of 'content'\n  content = \"fulchain\"\n            ^ | did you "
      "mean 'fullchain'?");
}

TEST(Binding, RefusesWhatIsWrong) {
  const std::string head = "name = \"x\"\n";
  const std::string tail = "\n[reload]\nnone = true\n";
  const auto file = [&](const std::string& keys) { return head + "[[file]]\n" + keys + tail; };
  const auto reload = [&](const std::string& keys) { return head + "[reload]\n" + keys; };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"name = ", "CF1640 x.toml:1:"},
      {head, "CF1644 x.toml:1:1: there is no [reload]"},
      {"name = \"../x\"" + tail, "CF1643 x.toml:1:8: '../x' is no name"},
      {"name = 3" + tail, "CF1642 x.toml:1:8: 'name' wants a text in quotes"},
      {head + "types = [\"../Default\"]" + tail, "is no certificate type"},
      {head + "key_reader = \"account\"" + tail, "without an 'account'"},
      {head + "grant_key = \"yes\"" + tail, "CF1642 x.toml:2:13: 'grant_key' wants true or false"},
      {file("path = \"/a/b\"\n"), "has no 'content'"},
      {file("content = \"leaf\"\npath = \"a/b\"\n"), "'a/b' is no absolute path"},
      {file("content = \"leaf\"\npath = \"/a/../b\"\n"), "is no absolute path"},
      {file("content = \"leaf\"\npath = \"${folder}/../b\"\n"), "is no absolute path"},
      {file("content = \"leaf\"\npath = \"${live}/b\"\n"), "'${live}' is no placeholder here"},
      {file("content = \"leaf\"\npath = \"/a/${host}\"\n"), "'${host}' is no placeholder here"},
      {file("content = \"key\"\npath = \"/a/b\"\nmode = \"0644\"\n"), "0644 lets others use a private key"},
      {file("content = \"key\"\npath = \"/a/b\"\nmode = \"0660\"\n"), "lets others use a private key"},
      {file("content = \"jwks\"\npath = \"${folder}/keys.json\"\n"),
       "CF1643 x.toml:4:8: a JWK Set does not change with the files of ${folder}"},
      {head + "types = [\"A\", \"B\"]\n[[file]]\ncontent = \"jwks\"\npath = \"/keys.json\"" + tail,
       "CF1643 x.toml:5:8: the keys of several types cannot be in one JWK Set"},
      {file("content = \"leaf\"\npath = \"/a/b\"\nmode = \"0666\"\n"), "lets others change"},
      {file("content = \"leaf\"\npath = \"/a/b\"\nmode = \"644\"\n"), "'644' is no mode"},
      {file("content = \"pkcs12\"\npath = \"/a/b\"\n"), "'password_file' belongs to"},
      {reload("none = true\nsignal = \"SIGHUP\"\n"), "a reload is one of"},
      {reload("command = [\"nginx\"]\n"), "'nginx' is no absolute path"},
      {reload("command = []\n"), "a command needs its program"},
      {reload("signal = \"SIGKILL\"\nexecutable = \"/a\"\n"), "'SIGKILL' is not a value of 'signal'"},
      {reload("signal = \"SIGHUP\"\n"), "'' is no absolute path"},
      {reload("runtime_socket = \"/s\"\ncertificate = \"/a b\"\n"), "haproxy's commands cannot hold"},
      {reload("none = true\nretries = 99\n"), "99 is outside 0 to 10"},
      {head + "[[probe]]\nport = 0" + tail, "0 is outside 1 to 65535"},
      {head + "[[probe]]\naddress = \"::1\"" + tail, "[[probe]] has no 'port'"},
      {head + "[[probe]]\nport = 1\nstarttls = \"smpt\"" + tail, "did you mean 'smtp'?"},
      {head + "[probe]\nport = 1" + tail, "'probe' wants sections [[probe]]"},
  };
  for (const auto& [text, expected] : cases) EXPECT_THAT(mistake(text), HasSubstr(expected)) << text;
}

TEST(Binding, ExpandsPlaceholdersOnce) {
  const BindingPlace place{"/h/${type}", "Default", "nginx"};
  EXPECT_EQ(place.expand("${folder}|${live}|${name}|$x"),
            "/h/${type}/services/nginx/Default/current|/h/${type}/live/Default/current|nginx|$x");
}

TEST(BuiltInBindings, AreAllRight) {
  std::vector<std::string> names;
  for (const BuiltInBinding& each : built_in_bindings()) {
    const auto binding = parse_binding(each.text, std::string(each.file));
    ASSERT_TRUE(binding) << binding.error().message;
    EXPECT_EQ(binding->name + ".toml", each.file);
    EXPECT_FALSE(binding->description.empty()) << each.file;
    EXPECT_FALSE(binding->grant_key) << each.file << ": only an administrator grants keys";
    names.push_back(binding->name);
  }
  EXPECT_THAT(names,
              ElementsAre("apache2", "coturn", "dovecot", "ejabberd", "files", "haproxy", "java-keystore", "jwks",
                          "kamailio", "mosquitto", "nginx", "postfix", "postgresql", "prosody", "slapd"));
}

TEST(BindingSet, OwnBindingsReplaceBuiltInOnes) {
  certferry::testing::FaultFileSystem files;
  ASSERT_TRUE(files.make_folder("/b", 0755));
  ASSERT_TRUE(
      files.write_new("/b/nginx.toml", as_bytes("name = \"nginx\"\ngrant_key = true\n[reload]\nnone = true\n"), 0644));
  ASSERT_TRUE(files.write_new("/b/notes.txt", as_bytes("?"), 0644));
  const auto all = read_bindings(files, "/b", 0);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->size(), built_in_bindings().size());
  for (const Binding& each : *all) {
    EXPECT_EQ(each.built_in, each.name != "nginx");
    EXPECT_EQ(each.grant_key, each.name == "nginx");
  }
  EXPECT_EQ(read_bindings(files, "/absent", 0)->size(), built_in_bindings().size());
}

TEST(BindingSet, TakesNothingThatOthersCanChange) {
  certferry::testing::FaultFileSystem files;
  const std::string text = "name = \"a\"\ngrant_key = true\n[reload]\nnone = true\n";
  ASSERT_TRUE(files.make_folder("/b", 0755));
  ASSERT_TRUE(files.write_new("/b/a.toml", as_bytes(text), 0664));
  EXPECT_EQ(read_bindings(files, "/b", 0).error().id, "CF1645") << "its group";
  ASSERT_TRUE(files.set_mode("/b/a.toml", 0644));
  EXPECT_TRUE(read_bindings(files, "/b", 0));
  ASSERT_TRUE(files.set_owner("/b/a.toml", 1000, 1000));
  EXPECT_EQ(read_bindings(files, "/b", 0).error().id, "CF1645") << "another owner";
  EXPECT_EQ(read_bindings(files, "/b", 1000).error().message, "/b/a.toml grants a private key and is not root's");
  ASSERT_TRUE(files.set_owner("/b/a.toml", 0, 0));
  ASSERT_TRUE(files.write_new("/b/b.toml", as_bytes(text), 0644));
  EXPECT_EQ(read_bindings(files, "/b", 0).error().id, "CF1646");
  ASSERT_TRUE(files.set_mode("/b", 0777));
  EXPECT_EQ(read_bindings(files, "/b", 0).error().id, "CF1645") << "the folder";
}

}  // namespace
}  // namespace certferry::deploy
