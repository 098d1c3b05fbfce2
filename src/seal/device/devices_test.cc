#include "seal/device/devices.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/clock.h"
#include "base/process.h"
#include "seal/dsse.h"
#include "seal/hpke.h"
#include "seal/keys.h"
#include "seal/p256.h"

namespace certferry::seal {
namespace {

const SystemClock kClock;
constexpr std::string_view kPin = "271828";

// Tokens of SoftHSM and a TPM of swtpm, with a folder of their own.
class Devices : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string path = "/tmp/certferry-devices-XXXXXX";
    ASSERT_NE(::mkdtemp(path.data()), nullptr);
    folder = path;
    std::filesystem::create_directory(folder + "/tokens");
    write("/softhsm2.conf",
          "directories.tokendir = " + folder + "/tokens\nobjectstore.backend = file\nlog.level = ERROR\n");
    write("/pin", std::string(kPin) + "\n");
    write("/wrong-pin", "314159\n");
    ::setenv("SOFTHSM2_CONF", (folder + "/softhsm2.conf").c_str(), 1);
    for (const std::string label : {"fleet", "other"}) {
      run({"/usr/bin/softhsm2-util", "--init-token", "--free", "--label", label, "--pin", std::string(kPin), "--so-pin",
           "141421"});
    }
    start_tpm("tpm");
    start_tpm("another");
    use_tpm("tpm");
  }
  static void TearDownTestSuite() {
    for (const pid_t pid : tpms) ::kill(pid, SIGTERM);
    std::error_code ignored;  // a TPM that ends takes its sockets away by itself
    std::filesystem::remove_all(folder, ignored);
  }

  static void write(const std::string& name, const std::string& text) { std::ofstream(folder + name) << text; }
  static void run(std::vector<std::string> words) {
    Command command;
    command.argv = std::move(words);
    command.environment["SOFTHSM2_CONF"] = folder + "/softhsm2.conf";
    const auto done = SystemProcess(kClock).run(command);
    ASSERT_TRUE(done && done->ok()) << (done ? done->errors : done.error().message);
  }
  static void start_tpm(const std::string& name) {
    const std::string place = folder + "/" + name;
    std::filesystem::create_directory(place);
    run({"/usr/bin/swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + place, "--ctrl",
         "type=unixio,path=" + place + "/socket.ctrl", "--server", "type=unixio,path=" + place + "/socket", "--flags",
         "not-need-init,startup-clear", "--daemon", "--pid", "file=" + place + "/pid"});
    pid_t pid = -1;
    std::ifstream(place + "/pid") >> pid;
    ASSERT_GT(pid, 1);
    tpms.push_back(pid);
  }
  static void use_tpm(const std::string& name) {
    ::setenv("TPM2OPENSSL_TCTI", ("swtpm:path=" + folder + "/" + name + "/socket").c_str(), 1);
  }
  static std::string token(const std::string& label, const std::string& pin = "pin") {
    return "pkcs11:token=" + label + "?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:" + folder + "/" +
           pin;
  }
  static std::string error_of(const auto& result) { return result ? "none" : result.error().id; }

  [[nodiscard]] Result<std::string> make(const std::string& place, DevicePurpose purpose) {
    return make_device_key(place, "certferry test", purpose, access);
  }
  [[nodiscard]] std::unique_ptr<DeviceKey> made(const std::string& place, DevicePurpose purpose) {
    const auto text = make(place, purpose);
    EXPECT_TRUE(text) << text.error().message;
    if (!text) return nullptr;
    EXPECT_TRUE(is_in_device(*text)) << *text;
    auto key = open_device_key(*text, access);
    EXPECT_TRUE(key) << key.error().message;
    return key ? std::move(*key) : nullptr;
  }

  static inline std::string folder;
  static inline std::vector<pid_t> tpms;
  PosixFileSystem files;
  int asked = 0;
  DeviceAccess access{files, [this]() -> Result<Secret> {
                        ++asked;
                        return Secret(kPin);
                      }};
};

TEST_F(Devices, SignWhatVerifies) {
  for (const std::string& place : {token("fleet"), std::string("tpm2:")}) {
    const auto key = made(place, DevicePurpose::kSign);
    ASSERT_TRUE(key);
    for (int i = 0; i < 20; ++i) {  // one in two numbers begins with a bit that DER wants a zero before
      const std::string message = "message " + std::to_string(i);
      const auto signature = key->sign(as_bytes(message));
      ASSERT_TRUE(signature) << place << ": " << signature.error().message;
      EXPECT_TRUE(verifies(key->public_key(), as_bytes(message), *signature)) << place;
      EXPECT_FALSE(verifies(key->public_key(), as_bytes("another"), *signature));
    }
    const auto envelope = sign_statement("manifest", "{}", *key);
    ASSERT_TRUE(envelope);
    EXPECT_TRUE(is_signed_by(*envelope, key->public_key()));
  }
}

TEST_F(Devices, OpenWhatIsSealedToThem) {
  for (const std::string& place : {token("fleet"), std::string("tpm2:")}) {
    const auto key = made(place, DevicePurpose::kAgree);
    ASSERT_TRUE(key);
    const auto sealed = hpke_seal(*point_of(key->public_key()), as_bytes("info"), as_bytes("for"), as_bytes("a key"));
    ASSERT_TRUE(sealed);
    const auto opened = hpke_open(*key, *sealed, as_bytes("info"), as_bytes("for"));
    ASSERT_TRUE(opened) << place << ": " << opened.error().message;
    EXPECT_EQ(opened->text(), "a key");
    EXPECT_EQ(error_of(hpke_open(*key, *sealed, as_bytes("info"), as_bytes("for another"))), "CF2204");
    Bytes off_curve = *point_of(key->public_key());
    off_curve.back() ^= 1;
    EXPECT_EQ(error_of(key->diffie_hellman(off_curve)), "CF2201");
  }
}

TEST_F(Devices, ATokenAsksForItsPinOnlyWhereTheUriHasNone) {
  ASSERT_TRUE(made(token("fleet"), DevicePurpose::kSign));
  EXPECT_EQ(asked, 0);
  const std::string module = "?module-path=/usr/lib/softhsm/libsofthsm2.so";
  ASSERT_TRUE(made("pkcs11:token=fleet" + module, DevicePurpose::kSign));
  EXPECT_EQ(asked, 2);
}

// A service that goes on trying must not use up the tries that a token allows.
TEST_F(Devices, AWrongPinIsTriedOnce) {
  EXPECT_EQ(error_of(make(token("other", "wrong-pin"), DevicePurpose::kSign)), "CF2237");
  const auto again = make(token("other", "wrong-pin"), DevicePurpose::kSign);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, "the PIN of the token other was not taken: it was wrong before");
  // Any right one opens it, and takes the warning away; a second wrong one would have left the last try, where it stops.
  EXPECT_TRUE(made(token("other"), DevicePurpose::kSign));
}

TEST_F(Devices, WhatIsNotThereIsSaid) {
  EXPECT_EQ(error_of(make(token("nobody"), DevicePurpose::kSign)), "CF2236");
  EXPECT_EQ(error_of(make("pkcs11:token=fleet?module-path=/no/such.so", DevicePurpose::kSign)), "CF2236");
  EXPECT_EQ(error_of(open_device_key(
                "pkcs11:token=fleet;object=no%20such?" + token("fleet").substr(token("fleet").find('?') + 1), access)),
            "CF2236");
  const auto text = make("tpm2:", DevicePurpose::kSign);
  ASSERT_TRUE(text) << text.error().message;
  use_tpm("another");
  EXPECT_EQ(error_of(open_device_key(*text, access)), "CF2236");
  use_tpm("tpm");
  EXPECT_TRUE(open_device_key(*text, access));
  ::setenv("TPM2OPENSSL_TCTI", "swtpm:path=/no/such/socket", 1);
  EXPECT_EQ(error_of(open_device_key(*text, access)), "CF2236");
  use_tpm("tpm");
}

// A TPM has room for three objects, and nobody shares this one out.
TEST_F(Devices, ManyUseATpmAtOnce) {
  const auto text = make("tpm2:", DevicePurpose::kSign);
  ASSERT_TRUE(text) << text.error().message;
  std::vector<std::jthread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      const std::string message = std::to_string(i);
      const auto key = open_device_key(*text, access);
      const auto signature = key ? (*key)->sign(as_bytes(message)) : Result<Bytes>(std::unexpected(key.error()));
      if (signature && verifies((*key)->public_key(), as_bytes(message), *signature)) ++good;
      else ADD_FAILURE() << signature.error().message;
    });
  }
  threads.clear();
  EXPECT_EQ(good, 6);
}

TEST_F(Devices, APlaceIsATokenOrATpm) {
  for (const std::string place : {"", "tpm2:0x81000000", "/etc/key", "pkcs11", "pkcs11:token",
                                  "pkcs11:token=a?pin-value=1", "pkcs11:token=fleet;object=mine", "pkcs11:who=fleet"}) {
    EXPECT_EQ(error_of(make(place, DevicePurpose::kSign)), "CF2238") << place;
  }
  const auto secret = make("pkcs11:token=a?pin-value=1", DevicePurpose::kSign);
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().message.find("pin-value"), std::string::npos);
}

TEST_F(Devices, AKeyDoesOnlyWhatItIsFor) {
  const auto text = make(token("fleet"), DevicePurpose::kAgree);
  ASSERT_TRUE(text);
  const auto key = open_device_key(*text, access);
  ASSERT_TRUE(key);
  EXPECT_EQ(error_of((*key)->sign(as_bytes("what it is not for"))), "CF2235");
}

}  // namespace
}  // namespace certferry::seal
