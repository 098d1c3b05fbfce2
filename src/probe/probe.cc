#include "probe/probe.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>

#include "base/escape.h"
#include "probe/connection.h"
#include "probe/resolve.h"

namespace certferry::probe {
namespace {

using Instant = std::chrono::nanoseconds;

// Runs the connections of all targets, some at a time.
class Run {
 public:
  Run(std::span<const Target> targets, std::size_t concurrency, const Clock& clock)
      : targets_(targets),
        concurrency_(std::max<std::size_t>(1, concurrency)),
        clock_(clock),
        answers_(targets.size()) {}

  std::vector<Result<Served>> all() {
    look_up();
    while (!waiting_.empty() || !active_.empty()) {
      fill();
      wait();
      advance();
    }
    std::vector<Result<Served>> answers;
    answers.reserve(answers_.size());
    for (auto& answer : answers_) answers.push_back(std::move(*answer));
    return answers;
  }

 private:
  struct Active {
    std::size_t index;
    std::unique_ptr<Connection> connection;
  };

  void look_up() {
    std::map<std::string, Result<std::vector<std::string>>> known;
    std::vector<std::string> hosts;
    std::chrono::milliseconds limit{0};
    for (const Target& target : targets_) {
      hosts.push_back(target.endpoint.host);
      limit = std::max(limit, target.limit);
    }
    std::ranges::sort(hosts);
    const auto doubles = std::ranges::unique(hosts);
    hosts.erase(doubles.begin(), doubles.end());
    auto found = resolve_many(hosts, limit);
    for (std::size_t i = 0; i < hosts.size(); ++i) known.emplace(hosts[i], std::move(found[i]));
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const auto& addresses = known.at(targets_[i].endpoint.host);
      if (addresses) {
        waiting_.push_back({i, std::make_unique<Connection>(settings_, targets_[i], *addresses)});
      } else {
        answers_[i] = std::unexpected(addresses.error());
      }
    }
  }

  // Starts as many as there is room for.
  void fill() {
    const Instant now = clock_.monotonic();
    while (!waiting_.empty() && active_.size() < concurrency_) {
      Active& next = waiting_.front();
      if (!next.connection->start(now)) {
        if (!active_.empty()) {
          concurrency_ = active_.size();
          return;
        }
        answers_[next.index] =
            fail(ErrorKind::kFailed, "CF2029",
                 fmt::format("{}: this computer cannot begin a connection: it may not open more files",
                             escape_terminal(to_text(targets_[next.index].endpoint))),
                 "raise the limit of open files (ulimit -n) or ask fewer at a time");
        waiting_.pop_front();
        continue;
      }
      active_.push_back(std::move(next));
      waiting_.pop_front();
    }
  }

  void wait() {
    polled_.clear();
    const Instant now = clock_.monotonic();
    Instant until = now + std::chrono::seconds(60);
    for (const Active& one : active_) {
      polled_.push_back(
          {one.connection->socket(), static_cast<short>(one.connection->wants_to_write() ? POLLOUT : POLLIN), 0});
      until = std::min(until, one.connection->finished() ? now : one.connection->deadline());
    }
    const Instant left = std::max(Instant(0), until - now);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    const timespec timeout{seconds.count(), (left - seconds).count()};
    ::ppoll(polled_.data(), polled_.size(), &timeout, nullptr);
  }

  void advance() {
    for (std::size_t i = 0; i < active_.size(); ++i) {
      Connection& connection = *active_[i].connection;
      const Instant now = clock_.monotonic();
      if (polled_[i].revents || now >= connection.deadline()) connection.advance(now);
      if (connection.finished()) answers_[active_[i].index] = connection.take();
    }
    std::erase_if(active_, [](const Active& one) { return one.connection->finished(); });
  }

  std::span<const Target> targets_;
  std::size_t concurrency_;
  const Clock& clock_;
  TlsSettings settings_;
  std::deque<Active> waiting_;
  std::vector<Active> active_;
  std::vector<pollfd> polled_;
  std::vector<std::optional<Result<Served>>> answers_;
};

}  // namespace

std::vector<Result<Served>> probe_many(std::span<const Target> targets, std::size_t concurrency, const Clock& clock) {
  return Run(targets, concurrency, clock).all();
}

Result<Served> probe(const Target& target, const Clock& clock) {
  return std::move(probe_many({&target, 1}, 1, clock).front());
}

}  // namespace certferry::probe
