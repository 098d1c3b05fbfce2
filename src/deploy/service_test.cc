// The files of bindings, and real services that are given them.
#include "deploy/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/descriptor.h"
#include "base/testing/fault_file_system.h"
#include "deploy/testing/service_material.h"

namespace certferry::deploy {
namespace {

using ::testing::HasSubstr;
using testing::service_material;

int free_port() {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

class Services : public ::testing::Test {
 protected:
  Services() {
    std::string name = (std::filesystem::temp_directory_path() / "certferry-service-XXXXXX").string();
    home_ = ::mkdtemp(name.data());
    std::filesystem::permissions(home_, std::filesystem::perms(0755));
  }
  ~Services() override {
    if (!pid_file_.empty()) {
      pid_t pid = 0;
      std::ifstream(pid_file_) >> pid;
      static_cast<void>(process_.signal(pid, program_, SIGTERM));
      while (pid > 1 && process_.runs(pid, program_)) {
      }
    }
    std::filesystem::remove_all(home_);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return home_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }
  void start(const std::string& program, std::vector<std::string> argv) {
    program_ = program;
    pid_file_ = path("pid");
    Command command;
    command.argv = std::move(argv);
    const auto result = process_.run(command);
    ASSERT_TRUE(result && result->ok()) << (result ? result->errors : result.error().message);
  }
  // Who is served on the port: the certificate as PEM is somewhere in what s_client prints.
  bool serves(int port, const Materials& materials) {
    Command command;
    command.argv = {"/usr/bin/openssl", "s_client", "-connect", "127.0.0.1:" + std::to_string(port)};
    const auto result = process_.run(command);
    return result && result->output.find(materials.leaf.pem()) != std::string::npos;
  }
  void eventually_serves(int port, const Materials& materials) {
    int tries = 0;
    while (!serves(port, materials) && ++tries < 200) {
    }
    EXPECT_LT(tries, 200) << "the new certificate is not served";
  }

  SystemClock clock_;
  SystemProcess process_{clock_};
  PosixFileSystem files_;
  std::string home_;
  std::string program_;
  std::string pid_file_;
};

constexpr std::string_view kPem =
    "[[file]]\ncontent = \"fullchain\"\npath = \"${folder}/fullchain.pem\"\n"
    "[[file]]\ncontent = \"key\"\npath = \"${folder}/privkey.pem\"\n";

TEST_F(Services, NginxServesTheNewOneAfterTestAndReload) {
  const int port = free_port();
  const std::string folder = path("services/nginx/Default/current/");
  write("nginx.conf", "pid " + path("pid") + ";\nerror_log " + path("error.log") +
                          ";\nevents {}\nhttp {\naccess_log off;\nclient_body_temp_path " + path("t1") +
                          ";\nproxy_temp_path " + path("t2") + ";\nfastcgi_temp_path " + path("t3") +
                          ";\nuwsgi_temp_path " + path("t4") + ";\nscgi_temp_path " + path("t5") +
                          ";\nserver { listen 127.0.0.1:" + std::to_string(port) + " ssl;\nssl_certificate " + folder +
                          "fullchain.pem;\nssl_certificate_key " + folder + "privkey.pem;\n} }\n");
  const std::string nginx = "\"/usr/sbin/nginx\", \"-q\", \"-c\", \"" + path("nginx.conf") + "\"";
  const auto binding = parse_binding("name = \"nginx\"\n" + std::string(kPem) + "[test]\ncommand = [" + nginx +
                                         ", \"-t\"]\n[reload]\ncommand = [" + nginx + ", \"-s\", \"reload\"]\n",
                                     "nginx.toml");
  ASSERT_TRUE(binding) << binding.error().message;
  const BindingPlace place{home_, "Default", "nginx"};
  ServiceFiles service(files_, *binding, place);
  const Materials one = service_material("one");
  const Materials two = service_material("two", x509::testing::KeyKind::kRsa2048);
  ASSERT_TRUE(service.stage(1, one));
  ASSERT_TRUE(service.activate(1));
  ASSERT_NO_FATAL_FAILURE(start("/usr/sbin/nginx", {"/usr/sbin/nginx", "-c", path("nginx.conf")}));
  EXPECT_TRUE(serves(port, one));

  ASSERT_TRUE(service.stage(2, two));
  const auto staged = service.overlays(2);
  ASSERT_TRUE(staged);
  const auto tested = test_configuration(process_, *binding, place, *staged);
  EXPECT_TRUE(tested) << tested.error().message;
  EXPECT_TRUE(serves(port, one)) << "nothing changed yet";
  ASSERT_TRUE(service.activate(2));
  const auto reloaded = reload(process_, files_, *binding, place);
  ASSERT_TRUE(reloaded) << reloaded.error().message;
  eventually_serves(port, two);

  ASSERT_TRUE(service.activate(1));
  ASSERT_TRUE(reload(process_, files_, *binding, place));
  eventually_serves(port, one);

  // A broken key that is only staged is seen by nginx's own test before anything is switched.
  ASSERT_TRUE(service.stage(3, one));
  write("services/nginx/Default/3/privkey.pem", "broken");
  const auto refused = test_configuration(process_, *binding, place, *service.overlays(3));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().id, "CF1663");
  EXPECT_THAT(refused.error().message, HasSubstr("privkey.pem"));
  EXPECT_TRUE(test_configuration(process_, *binding, place));
}

TEST_F(Services, HaproxyTakesItByItsRuntimeSocket) {
  const int port = free_port();
  const std::string site = path("services/haproxy/Default/current/site.pem");
  write("haproxy.cfg", "global\nstats socket " + path("admin.sock") +
                           " level admin\ndefaults\nmode http\ntimeout client 5s\ntimeout connect 5s\ntimeout server "
                           "5s\nfrontend web\nbind 127.0.0.1:" +
                           std::to_string(port) + " ssl crt " + site + "\nhttp-request return status 200\n");
  const auto binding = parse_binding(
      "name = \"haproxy\"\n[[file]]\ncontent = \"fullchain+key\"\npath = \"${folder}/site.pem\"\n[test]\ncommand = "
      "[\"/usr/sbin/haproxy\", \"-c\", \"-q\", \"-f\", \"" +
          path("haproxy.cfg") + "\"]\n[reload]\nruntime_socket = \"" + path("admin.sock") +
          "\"\ncertificate = \"${folder}/site.pem\"\n[fallback]\nsignal = \"SIGUSR2\"\npid_file = \"" + path("pid") +
          "\"\nexecutable = \"/usr/sbin/haproxy\"\n",
      "haproxy.toml");
  ASSERT_TRUE(binding) << binding.error().message;
  const BindingPlace place{home_, "Default", "haproxy"};
  ServiceFiles service(files_, *binding, place);
  const Materials one = service_material("one");
  const Materials two = service_material("two", x509::testing::KeyKind::kRsa2048);
  ASSERT_TRUE(service.stage(1, one));
  ASSERT_TRUE(service.activate(1));
  ASSERT_NO_FATAL_FAILURE(start("/usr/sbin/haproxy",
                                {"/usr/sbin/haproxy", "-W", "-D", "-q", "-p", path("pid"), "-f", path("haproxy.cfg")}));
  eventually_serves(port, one);
  ASSERT_TRUE(service.stage(2, two));
  EXPECT_TRUE(test_configuration(process_, *binding, place, *service.overlays(2)));
  ASSERT_TRUE(service.activate(2));
  const auto reloaded = reload(process_, files_, *binding, place);
  ASSERT_TRUE(reloaded) << reloaded.error().message;
  EXPECT_TRUE(serves(port, two)) << "at once";

  // A pair that does not belong together is refused, and the old one stays.
  ASSERT_TRUE(service.stage(3, one));
  write("services/haproxy/Default/3/site.pem", one.leaf.pem() + std::string(two.key.pem().text()));
  ASSERT_TRUE(service.activate(3));
  const auto refused = reload(process_, files_, *binding, place);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("haproxy refuses " + site));
  EXPECT_TRUE(serves(port, two));
  ASSERT_TRUE(service.activate(1));
  ASSERT_TRUE(reload(process_, files_, *binding, place)) << "nothing of the refused one is left";
  EXPECT_TRUE(serves(port, one));
}

TEST_F(Services, MosquittoTakesItByASignalToItsPidFile) {
  const int port = free_port();
  const std::string folder = path("services/mosquitto/MPNService/current/");
  write("mosquitto.conf", "listener " + std::to_string(port) + " 127.0.0.1\nallow_anonymous true\npid_file " +
                              path("pid") + "\nuser root\nlog_dest none\ncertfile " + folder +
                              "fullchain.pem\nkeyfile " + folder + "privkey.pem\n");
  const auto binding =
      parse_binding("name = \"mosquitto\"\n" + std::string(kPem) + "[reload]\nsignal = \"SIGHUP\"\npid_file = \"" +
                        path("pid") + "\"\nexecutable = \"/usr/sbin/mosquitto\"\n",
                    "mosquitto.toml");
  ASSERT_TRUE(binding) << binding.error().message;
  const BindingPlace place{home_, "MPNService", "mosquitto"};
  ServiceFiles service(files_, *binding, place);
  const Materials one = service_material("one");
  const Materials two = service_material("two");
  ASSERT_TRUE(service.stage(1, one) && service.activate(1));
  ASSERT_NO_FATAL_FAILURE(start("/usr/sbin/mosquitto", {"/usr/sbin/mosquitto", "-d", "-c", path("mosquitto.conf")}));
  eventually_serves(port, one);
  ASSERT_TRUE(service.stage(2, two) && service.activate(2));
  const auto reloaded = reload(process_, files_, *binding, place);
  ASSERT_TRUE(reloaded) << reloaded.error().message;
  eventually_serves(port, two);
  ASSERT_TRUE(service.activate(1) && reload(process_, files_, *binding, place));
  eventually_serves(port, one);
}

TEST_F(Services, ApacheServesTheNewOneAfterAGracefulRestart) {
  const int port = free_port();
  const std::string folder = path("services/apache2/Default/current/");
  const std::string modules = "/usr/lib/apache2/modules/mod_";
  write("apache.conf", "ServerRoot " + home_ + "\nServerName localhost\nPidFile " + path("pid") + "\nErrorLog " +
                           path("error.log") + "\nMutex sem\nUser nobody\nGroup nogroup\nLoadModule mpm_event_module " +
                           modules + "mpm_event.so\nLoadModule authz_core_module " + modules +
                           "authz_core.so\nLoadModule ssl_module " + modules +
                           "ssl.so\nListen 127.0.0.1:" + std::to_string(port) + "\nSSLEngine on\nSSLCertificateFile " +
                           folder + "fullchain.pem\nSSLCertificateKeyFile " + folder + "privkey.pem\n");
  const std::string apache = "\"/usr/sbin/apache2\", \"-f\", \"" + path("apache.conf") + "\"";
  const auto binding = parse_binding("name = \"apache2\"\n" + std::string(kPem) + "[test]\ncommand = [" + apache +
                                         ", \"-t\"]\nexpect = \"Syntax OK\"\n[reload]\ncommand = [" + apache +
                                         ", \"-k\", \"graceful\"]\n",
                                     "apache2.toml");
  ASSERT_TRUE(binding) << binding.error().message;
  const BindingPlace place{home_, "Default", "apache2"};
  ServiceFiles service(files_, *binding, place);
  const Materials one = service_material("one");
  const Materials two = service_material("two", x509::testing::KeyKind::kRsa2048);
  ASSERT_TRUE(service.stage(1, one) && service.activate(1));
  ASSERT_NO_FATAL_FAILURE(start("/usr/sbin/apache2", {"/usr/sbin/apache2", "-f", path("apache.conf"), "-k", "start"}));
  eventually_serves(port, one);
  ASSERT_TRUE(service.stage(2, two));
  const auto tested = test_configuration(process_, *binding, place, *service.overlays(2));
  ASSERT_TRUE(tested) << tested.error().message;
  ASSERT_TRUE(service.activate(2));
  const auto reloaded = reload(process_, files_, *binding, place);
  ASSERT_TRUE(reloaded) << reloaded.error().message;
  eventually_serves(port, two);
}

TEST(ServiceFilesOutside, AreCopiedAndPutBackAsTheyWere) {
  certferry::testing::FaultFileSystem files;
  ASSERT_TRUE(make_folders(files, "/srv/old", 0755));
  ASSERT_TRUE(files.write_new("/srv/old/cert.pem", as_bytes("of an administrator"), 0644));
  const auto binding = parse_binding(
      "name = \"x\"\n[[file]]\ncontent = \"fullchain\"\npath = \"/srv/old/cert.pem\"\n[[file]]\ncontent = \"key\"\npath = "
      "\"/srv/old/key.pem\"\n[reload]\nnone = true\n",
      "x.toml");
  ASSERT_TRUE(binding);
  ServiceFiles service(files, *binding, {"/home", "Default", "x"});
  const Materials one = service_material("one");
  ASSERT_TRUE(service.stage(1, one));
  EXPECT_EQ(files.read("/srv/old/cert.pem", 1000)->text(), "of an administrator");
  ASSERT_TRUE(service.activate(1));
  EXPECT_EQ(files.read("/srv/old/key.pem", 10000)->text(), one.key.pem().text());
  EXPECT_EQ((*files.status("/srv/old/key.pem"))->mode, 0600U);
  EXPECT_EQ(*service.current(), 1U);
  ASSERT_TRUE(service.activate(0));
  EXPECT_EQ(files.read("/srv/old/cert.pem", 1000)->text(), "of an administrator");
  EXPECT_FALSE(*files.status("/srv/old/key.pem"));
  EXPECT_EQ(*service.current(), std::nullopt);
  EXPECT_EQ(service.activate(7).error().id, "CF1660");
}

TEST(ServiceFilesOutside, ConvergeAfterAKillAtAnyStep) {
  const auto binding = parse_binding(
      "name = \"x\"\n" + std::string(kPem) +
          "[[file]]\ncontent = \"key+fullchain\"\npath = \"/srv/chain.pem\"\nmode = \"0600\"\n[reload]\nnone = true\n",
      "x.toml");
  ASSERT_TRUE(binding) << binding.error().message;
  const Materials one = service_material("one");
  const Materials two = service_material("two");
  std::vector<std::string> whole;
  for (std::uint64_t step = 0;; ++step) {
    certferry::testing::FaultFileSystem files;
    ASSERT_TRUE(make_folders(files, "/srv", 0755));
    ASSERT_TRUE(make_folders(files, "/home", 0755));
    ServiceFiles service(files, *binding, {"/home", "Default", "x"});
    ASSERT_TRUE(service.stage(1, one) && service.activate(1));
    files.heal();
    files.kill_at(step);
    const bool done = service.stage(2, two) && service.activate(2);
    files.heal();
    const std::string combined(files.read("/srv/chain.pem", 10000)->text());
    EXPECT_TRUE(combined == make_content(Content::kKeyAndFullChain, one)->text() ||
                combined == make_content(Content::kKeyAndFullChain, two)->text())
        << step;
    files.cut_power(certferry::testing::FaultFileSystem::Loss::kEverything);
    ASSERT_TRUE(service.stage(2, two)) << step;
    ASSERT_TRUE(service.activate(2)) << step;
    if (whole.empty()) whole = files.dump();
    EXPECT_EQ(files.read("/srv/chain.pem", 10000)->text(), make_content(Content::kKeyAndFullChain, two)->text());
    EXPECT_EQ(files.read("/home/services/x/Default/current/privkey.pem", 10000)->text(), two.key.pem().text());
    EXPECT_EQ(files.dump(), whole) << step;
    if (done) break;
  }
}

}  // namespace
}  // namespace certferry::deploy
