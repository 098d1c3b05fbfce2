#include "container/reader_pool.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "container/child_error.h"
#include "container/confine.h"
#include "container/confined_main.h"
#include "container/serve.h"
#include "container/wire.h"
#include "x509/openssl_init.h"

namespace certferry::container {
namespace {

// So many that a child never waits for its parent, so few that a slow file holds up little behind it.
constexpr std::size_t kAhead = 3;
constexpr ProcessLimits kProcessLimits = {.cpu = std::chrono::seconds(0)};

[[noreturn]] void run_child(int socket, pid_t parent) {
  end_with_parent();
  if (::getppid() != parent) ::_exit(0);
  // What the terminal sends is the parent's to decide on.
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  x509::initialize_openssl();
  confine_this_process(socket, kProcessLimits);
  serve(socket);
}

}  // namespace

// One child as its parent sees it: what it was given, and the part of its answer that has come.
class ReaderPool::Child {
 public:
  static Result<std::unique_ptr<Child>> start(const Clock& clock) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return no_child("socketpair");
    const pid_t parent = ::getpid();
    pid_t pid = -1;
    if (has_one_thread()) {
      pid = ::fork();
      if (pid == 0) run_child(ends[1], parent);
    } else if (const auto spawned = spawn_reader(ends[1], Lifetime::kManyFiles)) {
      pid = *spawned;
    } else {
      ::close(ends[0]);
      ::close(ends[1]);
      return std::unexpected(spawned.error());
    }
    const int error = errno;
    ::close(ends[1]);
    if (pid > 0) return std::make_unique<Child>(pid, ends[0], clock);
    ::close(ends[0]);
    errno = error;
    return no_child("fork");
  }

  Child(pid_t pid, int socket, const Clock& clock) : pid_(pid), socket_(socket), clock_(&clock) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { end(); }

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::deque<Job>& jobs() { return jobs_; }
  [[nodiscard]] bool late() const { return !jobs_.empty() && clock_->monotonic() - began_ > kLongest; }
  [[nodiscard]] pollfd wanted() const {
    return {socket_, static_cast<short>(POLLIN | (unsent_.empty() ? 0 : POLLOUT)), 0};
  }

  void give(Job job, const Limits& limits) {
    if (jobs_.empty()) began_ = clock_->monotonic();
    unsent_.push_back(encode_request(job.file.view(), {job.password.get(), nullptr, limits}));
    jobs_.push_back(std::move(job));
    send();
  }

  // As much as the socket takes. A child that is gone shows when its answer is awaited.
  void send() {
    while (!unsent_.empty()) {
      const ByteView rest = unsent_.front().view().subspan(sent_);
      const ssize_t count = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return;
      sent_ += static_cast<std::size_t>(count);
      if (sent_ < unsent_.front().size()) return;
      unsent_.pop_front();
      sent_ = 0;
    }
  }

  enum class Receipt { kPart, kAnswer, kGone };
  // One step: the size of an answer, or a part of the answer itself.
  Receipt receive() {
    if (size_ == 0) {
      answer_.resize(kNumberOctets);
      size_ = kNumberOctets;
      head_ = true;
    }
    const ssize_t count = ::recv(socket_, answer_.data() + received_, size_ - received_, MSG_DONTWAIT);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return Receipt::kPart;
    if (count <= 0 || jobs_.empty()) return Receipt::kGone;
    received_ += static_cast<std::size_t>(count);
    if (received_ < size_) return Receipt::kPart;
    if (!head_) return Receipt::kAnswer;
    size_ = number_at(answer_);
    // As of read_confined(): the file's own content, spelled out, and its explanation.
    if (size_ == 0 || size_ > 2 * jobs_.front().file.size() + (std::size_t{256} << 10)) return Receipt::kGone;
    head_ = false;
    received_ = 0;
    answer_ = Bytes(size_);
    return receive();
  }

  // After kAnswer: what it says of the first job, which is done then. Nothing where it makes no sense.
  std::optional<Completed> take() {
    const Secret answer(std::move(answer_));
    answer_ = {};
    size_ = received_ = 0;
    auto decoded = decode(answer.view());
    if (!decoded) return std::nullopt;
    Completed completed{jobs_.front().id, std::move(*decoded)};
    jobs_.pop_front();
    began_ = clock_->monotonic();
    return completed;
  }

  // Ends the process; its status as of waitpid.
  int end() {
    if (pid_ <= 0) return 0;
    ::close(socket_);
    ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    wipe(answer_);
    return status;
  }

 private:
  pid_t pid_;
  int socket_;
  const Clock* clock_;
  std::deque<Job> jobs_;      // not answered yet; the first is being read
  std::deque<Secret> unsent_;
  std::size_t sent_ = 0;      // of the first of unsent_
  std::chrono::nanoseconds began_{0};
  Bytes answer_;
  std::size_t size_ = 0;      // of what is being received; 0: nothing is
  std::size_t received_ = 0;
  bool head_ = true;
};

Result<ReaderPool> ReaderPool::start(std::size_t children, const Limits& limits, const Clock& clock) {
  ReaderPool pool(limits, clock);
  for (std::size_t i = 0; i < std::max<std::size_t>(children, 1); ++i) {
    CERTFERRY_ASSIGN(std::unique_ptr<Child> child, Child::start(clock));
    pool.children_.push_back(std::move(child));
  }
  return pool;
}

ReaderPool::ReaderPool(const Limits& limits, const Clock& clock) : limits_(limits), clock_(&clock) {}
ReaderPool::~ReaderPool() = default;
ReaderPool::ReaderPool(ReaderPool&&) noexcept = default;

std::vector<pid_t> ReaderPool::children() const {
  std::vector<pid_t> pids;
  for (const auto& child : children_) {
    if (child) pids.push_back(child->pid());
  }
  return pids;
}

void ReaderPool::submit(std::size_t id, Secret file, std::shared_ptr<const Secret> password) {
  ++pending_;
  queue_.push_back({id, std::move(file), std::move(password)});
  hand_out();
}

void ReaderPool::hand_out() {
  const auto load = [](const auto& child) { return child ? child->jobs().size() : kAhead; };
  while (!queue_.empty()) {
    std::optional<Error> error;
    for (auto& child : children_) {
      if (child) continue;
      if (before_fork_) before_fork_();
      auto fresh = Child::start(*clock_);
      if (fresh) child = std::move(*fresh);
      else error = std::move(fresh).error();
    }
    const auto least = std::ranges::min_element(children_, {}, load);
    if (*least && load(*least) >= kAhead) return;
    if (*least) {
      (*least)->give(std::move(queue_.front()), limits_);
    } else {
      done_.push_back({queue_.front().id, std::unexpected(*error)});
    }
    queue_.pop_front();
  }
}

void ReaderPool::give_up(std::unique_ptr<Child>& child) {
  std::deque<Job> jobs = std::move(child->jobs());
  const int status = child->end();
  child = nullptr;
  if (jobs.empty()) return;
  done_.push_back({jobs.front().id, child_died(status)});
  jobs.pop_front();
  for (; !jobs.empty(); jobs.pop_back()) queue_.push_front(std::move(jobs.back()));
}

bool ReaderPool::wait_for_children(std::chrono::milliseconds timeout) {
  std::vector<pollfd> wanted;
  std::vector<std::unique_ptr<Child>*> asked;
  for (auto& child : children_) {
    if (!child) continue;
    wanted.push_back(child->wanted());
    asked.push_back(&child);
  }
  const bool heard = ::poll(wanted.data(), wanted.size(), static_cast<int>(timeout.count())) > 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    auto& child = *asked[i];
    const short events = heard ? wanted[i].revents : short{0};
    if (events & POLLOUT) child->send();
    if (events & (POLLIN | POLLHUP | POLLERR)) {
      take_answer(child);
    } else if (child->late()) {  // not where an answer waits: it is this process that was slow then
      give_up(child);
    }
  }
  return heard;
}

void ReaderPool::take_answer(std::unique_ptr<Child>& child) {
  const auto receipt = child->receive();
  if (receipt == Child::Receipt::kPart) return;
  auto completed = receipt == Child::Receipt::kAnswer ? child->take() : std::nullopt;
  if (completed) {
    done_.push_back(std::move(*completed));
  } else {
    give_up(child);
  }
}

std::optional<ReaderPool::Completed> ReaderPool::next(std::chrono::milliseconds timeout) {
  constexpr std::chrono::milliseconds kWatch{1000};
  while (pending_ > 0) {
    // The children are looked at even where an answer is at hand: they must not run dry.
    const auto wait = done_.empty() ? std::min(timeout, kWatch) : std::chrono::milliseconds(0);
    const bool heard = wait_for_children(wait);
    hand_out();
    if (!done_.empty()) {
      Completed completed = std::move(done_.front());
      done_.pop_front();
      --pending_;
      return completed;
    }
    if (heard) continue;
    timeout -= wait;
    if (timeout.count() <= 0) break;
  }
  return std::nullopt;
}

}  // namespace certferry::container
