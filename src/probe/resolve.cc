#include "probe/resolve.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "base/escape.h"
#include "probe/endpoint.h"

namespace certferry::probe {
namespace {

constexpr std::size_t kResolvers = 16;

using Addresses = std::vector<std::string>;

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

std::unexpected<Error> unknown_host(const std::string& host) {
  return fail(ErrorKind::kFailed, "CF2010", fmt::format("{}: there is no such host", escape_terminal(host)),
              "check the spelling and the name's records in the DNS and in /etc/hosts");
}

std::unexpected<Error> no_answer(const std::string& host, std::string_view reason) {
  return fail(ErrorKind::kFailed, "CF2011",
              fmt::format("{}: its address could not be looked up: {}", escape_terminal(host), reason),
              "check the name servers in /etc/resolv.conf, or connect to the address itself");
}

Result<Addresses> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int status = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  const std::unique_ptr<addrinfo, FreeAddresses> owner(status == 0 ? list : nullptr);
  if (status == EAI_NONAME || status == EAI_NODATA) return unknown_host(host);
  if (status == EAI_SYSTEM) return no_answer(host, std::generic_category().message(errno));
  if (status != 0) return no_answer(host, ::gai_strerror(status));
  Addresses found;
  for (const addrinfo* one = list; one; one = one->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
      continue;
    if (std::ranges::find(found, std::string_view(text.data())) == found.end()) found.emplace_back(text.data());
  }
  if (found.empty()) return unknown_host(host);
  return found;
}

// Shared with the threads, which may outlive the question.
struct Questions {
  std::mutex mutex;
  std::condition_variable answered;
  std::vector<std::string> hosts;
  std::vector<std::optional<Result<Addresses>>> answers;
  std::size_t next = 0;
  std::size_t open = 0;
};

void answer(const std::shared_ptr<Questions>& questions) {
  std::unique_lock lock(questions->mutex);
  while (questions->next < questions->hosts.size()) {
    const std::size_t index = questions->next++;
    const std::string host = questions->hosts[index];
    lock.unlock();
    auto found = look_up(host);
    lock.lock();
    questions->answers[index] = std::move(found);
    if (--questions->open == 0) questions->answered.notify_one();
  }
}

}  // namespace

std::vector<Result<Addresses>> resolve_many(const std::vector<std::string>& hosts, std::chrono::milliseconds limit) {
  const auto questions = std::make_shared<Questions>();
  for (const std::string& host : hosts) {
    if (!is_address(host)) questions->hosts.push_back(host);
  }
  questions->answers.resize(questions->hosts.size());
  questions->open = questions->hosts.size();
  const std::size_t threads = std::min(kResolvers, questions->hosts.size());
  std::unique_lock lock(questions->mutex);
  try {
    for (std::size_t i = 0; i < threads; ++i) std::thread(answer, questions).detach();
  } catch (const std::system_error&) {
    // With fewer threads, or none, some names stay without an answer.
  }
  questions->answered.wait_for(lock, limit, [&] { return questions->open == 0; });
  questions->next = questions->hosts.size();  // what nobody waits for is not asked any more

  std::vector<Result<Addresses>> all;
  all.reserve(hosts.size());
  std::size_t asked = 0;
  for (const std::string& host : hosts) {
    if (is_address(host)) {
      all.emplace_back(Addresses{host});
    } else if (auto& found = questions->answers[asked++]) {
      all.push_back(std::move(*found));
    } else {
      all.emplace_back(no_answer(host, fmt::format("no answer within {} ms", limit.count())));
    }
  }
  return all;
}

Result<Addresses> resolve(const std::string& host, std::chrono::milliseconds limit) {
  return std::move(resolve_many({host}, limit).front());
}

}  // namespace certferry::probe
