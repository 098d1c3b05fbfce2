// Many computers of a fleet in one process, for fleet_bench.py and faults_slow_test.py: real keys, statements, TLS connections;
// each verifies what comes and opens its key as a computer does, and renames files at a date.
//
//   fleet_agents HOME COUNT RELAY,RELAY... FOLDER
//
// Enrols COUNT computers in the store of HOME, where the fleet is administered. Then reads commands, and answers each with one
// line of JSON; times are seconds of CLOCK_MONOTONIC:
//   connect        {"seconds": until all have everything}
//   opened G       {"times": [when the first, half, 99 of 100 and the last had opened generation G], "drops": lost connections so far, "failures": n}
//   serve SHA256 SECONDS  {"right": how many have opened the key of this certificate last, after at most so long, "connected": now,
//                  "seconds": waited, "back": that ever took an older generation than they had, "failures": n}
//   roll SECONDS   all stage in FOLDER and rename that much later: {"late": [half, the last, in seconds]}
//   quit
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <sstream>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "commands/fleet_files.h"
#include "fleet/store_keys.h"
#include "relay/client.h"
#include "seal/certificates.h"
#include "seal/dsse.h"
#include "seal/key_file.h"
#include "seal/keys.h"
#include "seal/sealed_key.h"
#include "seal/trust.h"
#include "store/sqlite/sqlite_store.h"
#include "x509/certificate.h"

namespace certferry {
namespace {

namespace fs = std::filesystem;

const SystemClock kClock;

double monotonic() { return std::chrono::duration<double>(kClock.monotonic()).count(); }

[[noreturn]] void give_up(const Error& error) {
  std::cerr << error.id << ": " << error.message << "\n";
  std::exit(1);
}

template <typename T>
T value(Result<T> result) {
  if (!result) give_up(result.error());
  return std::move(*result);
}

struct Fleet {
  fleet::Membership membership;
  x509::PrivateKey administrator;
};

// What one of them is and has.
class Agent {
 public:
  Agent(const Fleet& fleet, std::size_t number)
      : fleet_(fleet), identity_(value(seal::make_key())), sealing_(value(seal::make_key())) {
    member_.head = {fleet.membership.fleet, 1, kClock.now()};
    member_.computer.fqdn = "c" + std::to_string(number) + ".fleet.example.com";
    member_.sealing_key = to_bytes(sealing_.public_key().spki());
    member_.identity_key = to_bytes(identity_.public_key().spki());
    member_.boot_id = "boot";
  }

  void enrol(store::Batch& batch) const {
    batch.put(fleet::member_key(member_.computer.fqdn),
              seal::to_json(
                  value(seal::sign_statement(fleet::Member::kKind, fleet::to_json(member_), fleet_.administrator))));
  }

  void follow(const std::vector<std::string>& relays, std::function<void(Agent&)> changed) {
    const seal::Validity validity{kClock.now() - std::chrono::hours(1), kClock.now() + std::chrono::hours(24)};
    const x509::PublicKey root = value(seal::read_key(fleet_.membership.root));
    relay::ClientOptions options;
    options.relays = relays;
    options.fqdn = member_.computer.fqdn;
    options.anchor = value(seal::make_anchor(root, identity_, validity)).pem();
    seal::ClientIdentity identity = value(seal::make_identity(identity_, options.fqdn, validity));
    options.identity = std::move(identity.certificates);
    options.identity_key = std::move(identity.key);
    client_ = value(relay::Client::make(std::move(options), [this, changed = std::move(changed)] { changed(*this); }));
    client_->follow();
  }

  // As commands/take.h does it, but for the disk. The generation that it can serve; nothing: not all came.
  [[nodiscard]] Result<std::optional<std::uint64_t>> take() {
    const auto entries = client_->entries();
    if (!entries) return std::nullopt;
    const Time now = kClock.now();
    const std::string& fqdn = member_.computer.fqdn;
    if (!trust_) CERTFERRY_TRY(trust(*entries, now));
    std::optional<std::uint64_t> newest;
    for (const auto& [key, text] : *entries) {
      if (!key.starts_with(fleet::kManifestKeys)) continue;
      CERTFERRY_ASSIGN(const seal::Verified<fleet::Manifest> verified, trust_->manifest(text, member_.computer, now));
      const fleet::Manifest& manifest = verified.statement;
      if (!manifest.assignment || !manifest.assignment->current) continue;
      // A relay that it came to may be behind the one that it left.
      if (manifest.head.counter < counter_) continue;
      counter_ = manifest.head.counter;
      const fleet::Slot& slot = *manifest.assignment->current;
      const auto sealed = entries->find(fleet::sealed_key(fqdn, manifest.scope, manifest.type, slot.generation));
      if (sealed == entries->end()) return std::nullopt;
      const fleet::ManifestCertificate& certificate = manifest.certificates.front();
      CERTFERRY_ASSIGN(const x509::Certificate leaf, x509::Certificate::from_der(certificate.chain.front()));
      const seal::SealedPlace place{
          fleet_.membership.fleet, fqdn, manifest.type, manifest.scope.key(), slot.generation, certificate.sha256,
          certificate.exportable};
      CERTFERRY_ASSIGN(const x509::PrivateKey opened,
                       seal::open_key(sealed->second, sealing_, place, leaf->public_key));
      newest = slot.generation;
      sha256 = certificate.sha256;
      key_ = Secret(opened.pem());
      certificate_ = leaf.pem();
    }
    return newest;
  }

  [[nodiscard]] bool connected_now() const { return client_->state().connected; }

  void stage(const fs::path& folder) {
    folder_ = folder / member_.computer.fqdn;
    fs::create_directories(folder_ / "1");
    fs::create_directories(folder_ / "2");
    for (const char* name : {"1", "2"}) {
      std::ofstream(folder_ / name / "privkey.pem") << key_.text();
      std::ofstream(folder_ / name / "fullchain.pem") << certificate_;
    }
    fs::create_directory_symlink("1", folder_ / "current");
    fs::create_directory_symlink("2", folder_ / "next");
  }
  [[nodiscard]] double flip() const {
    fs::rename(folder_ / "next", folder_ / "current");
    return monotonic();
  }

  std::mutex mutex;  // over all below, and take()
  std::uint64_t generation = 0;
  std::string sha256;  // of the certificate whose key it opened last
  bool connected = false;

 private:
  // Delegations do not change while this runs.
  [[nodiscard]] Result<> trust(const relay::Client::Entries& entries, Time now) {
    CERTFERRY_ASSIGN(trust_, seal::Trust::make(fleet_.membership.fleet, fleet_.membership.root));
    for (const auto& [key, text] : entries) {
      if (key.starts_with(fleet::kDelegationKeys)) CERTFERRY_TRY(trust_->add_delegation(text));
    }
    CERTFERRY_TRY(trust_->member(entries.at(fleet::member_key(member_.computer.fqdn)), now));
    return {};
  }

  const Fleet& fleet_;
  std::optional<seal::Trust> trust_;
  std::uint64_t counter_ = 0;  // of the manifest that it took last: as seal::follows()
  const x509::PrivateKey identity_, sealing_;
  fleet::Member member_;
  Secret key_;
  std::string certificate_;
  fs::path folder_;
  std::unique_ptr<relay::Client> client_;
};

std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  std::istringstream stream(list);
  for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
  return words;
}

class Agents {
 public:
  Agents(const std::string& home, std::size_t count) : fleet_(load(home)) {
    for (std::size_t i = 0; i < count; ++i) agents_.push_back(std::make_unique<Agent>(fleet_, i));
    const auto store = value(store::SqliteStore::open(home + "/certferry.db", store::SqliteStore::Access::kWrite));
    for (std::size_t i = 0; i < count;) {
      store::Batch batch;
      for (; i < count && batch.puts.size() < store::Batch::kMaxOperations; ++i) agents_[i]->enrol(batch);
      static_cast<void>(value(store->commit(batch)));
    }
  }

  void connect(const std::string& list) {
    const std::vector<std::string> relays = words_of(list);
    const double begin = monotonic();
    for (const auto& agent : agents_) agent->follow(relays, [this](Agent& one) { changed(one); });
    wait([this] { return connected_ == agents_.size(); });
    std::cout << R"({"seconds": )" << monotonic() - begin << "}" << std::endl;
  }

  void opened(std::uint64_t generation) {
    wait([&] { return times_[generation].size() + failures_ >= agents_.size(); });
    const std::scoped_lock lock(mutex_);
    auto& times = times_[generation];
    std::ranges::sort(times);
    const std::size_t count = times.size();
    std::cout << R"({"times": [)";
    if (count > 0)
      std::cout << times.front() << ", " << times[count / 2] << ", " << times[count * 99 / 100] << ", " << times.back();
    std::cout << R"(], "drops": )" << drops_ << R"(, "failures": )" << failures_ << "}" << std::endl;
  }

  void serve(const std::string& sha256, double seconds) {
    const double begin = monotonic();
    std::unique_lock lock(mutex_);
    came_.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return right_[sha256] == agents_.size(); });
    const std::size_t right = right_[sha256];
    const double waited = monotonic() - begin;
    lock.unlock();
    const auto connected = std::ranges::count_if(agents_, [](const auto& agent) { return agent->connected_now(); });
    std::cout << R"({"right": )" << right << R"(, "connected": )" << connected << R"(, "seconds": )" << waited
              << R"(, "back": )" << back_ << R"(, "failures": )" << failures_ << "}" << std::endl;
  }

  void roll(const std::string& folder, double seconds) {
    for (const auto& agent : agents_) agent->stage(folder);
    const double date = monotonic() + seconds;
    {
      std::unique_lock lock(mutex_);
      came_.wait_for(lock, std::chrono::duration<double>(date - monotonic()), [&] { return monotonic() >= date; });
    }
    std::vector<double> late;
    for (const auto& agent : agents_) late.push_back(agent->flip() - date);
    std::ranges::sort(late);
    std::cout << R"({"late": [)" << late[late.size() / 2] << ", " << late.back() << "]}" << std::endl;
  }

 private:
  static Fleet load(const std::string& home) {
    PosixFileSystem files;
    auto membership = value(commands::read_membership(files, home));
    const Secret key = value(files.read(home + "/fleet/administrator.key", 64 * 1024));
    return {std::move(*membership), value(seal::key_from_pem(key.text(), Secret()))};
  }

  void changed(Agent& agent) {
    const std::scoped_lock own(agent.mutex);
    if (!agent.connected_now()) ++drops_;
    const std::string before = agent.sha256;
    const auto generation = agent.take();
    const double now = monotonic();
    const std::scoped_lock lock(mutex_);
    if (!generation) {
      if (++failures_ < 5) std::cerr << generation.error().id << ": " << generation.error().message << "\n";
    } else if (*generation) {
      if (**generation < agent.generation) ++back_;
      if (**generation > agent.generation) times_[**generation].push_back(now);
      agent.generation = **generation;
    }
    if (agent.sha256 != before) {
      --right_[before];
      ++right_[agent.sha256];
    }
    if (!std::exchange(agent.connected, true)) ++connected_;
    came_.notify_all();
  }

  template <typename Condition>
  void wait(const Condition& condition) {
    std::unique_lock lock(mutex_);
    came_.wait(lock, condition);
  }

  Fleet fleet_;
  std::vector<std::unique_ptr<Agent>> agents_;
  std::mutex mutex_;  // over all below
  std::condition_variable came_;
  std::size_t connected_ = 0, failures_ = 0, back_ = 0;
  std::map<std::string, std::size_t> right_;  // how many have opened the key of which certificate last
  std::atomic<std::size_t> drops_ = 0;  // lost connections
  std::map<std::uint64_t, std::vector<double>> times_;
};

}  // namespace
}  // namespace certferry

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const rlimit files{65'536, 65'536};
  ::setrlimit(RLIMIT_NOFILE, &files);
  std::cout.precision(9);
  certferry::Agents agents(argv[1], static_cast<std::size_t>(std::atoll(argv[2])));
  std::cout << R"({"enrolled": true})" << std::endl;
  for (std::string word; std::cin >> word && word != "quit";) {
    double number = 0;
    if (word == "connect") {
      agents.connect(argv[3]);
    } else if (word == "opened" && std::cin >> number) {
      agents.opened(static_cast<std::uint64_t>(number));
    } else if (std::string sha256; word == "serve" && std::cin >> sha256 >> number) {
      agents.serve(sha256, number);
    } else if (word == "roll" && std::cin >> number) {
      agents.roll(argv[4], number);
    }
  }
  std::quick_exit(0);  // ten thousand connections need not be closed one by one
}
