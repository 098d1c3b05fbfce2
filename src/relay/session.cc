#include "relay/session.h"

#include "relay/status.h"

namespace certferry::relay {

grpc::ServerWriteReactor<v1::Update>* Session::start(Hub& hub, const std::string& fqdn, ByteView identity,
                                                     const std::vector<Hub::Known>& known) {
  const auto session = std::make_shared<Session>(&hub);
  session->self_ = session;
  Next next = Next::kFinish;
  {
    const std::scoped_lock lock(session->mutex_);
    const auto id = hub.subscribe(fqdn, identity, known, session);
    if (id) {
      session->id_ = *id;
      next = session->next();
    } else {
      session->status_ = status_of(id.error());
      session->finished_ = true;
    }
  }
  session->act(next);
  return session.get();
}

grpc::ServerWriteReactor<v1::Update>* Session::refuse(const Error& error) {
  const auto session = std::make_shared<Session>(nullptr);
  session->self_ = session;
  session->finished_ = true;
  session->Finish(status_of(error));
  return session.get();
}

void Session::wake() {
  Next what = Next::kNothing;
  {
    const std::scoped_lock lock(mutex_);
    what = next();
  }
  act(what);
}

void Session::OnWriteDone(bool ok) {
  Next what = Next::kNothing;
  {
    const std::scoped_lock lock(mutex_);
    writing_ = false;
    cancelled_ = cancelled_ || !ok;
    what = next();
  }
  act(what);
}

void Session::OnCancel() {
  Next what = Next::kNothing;
  {
    const std::scoped_lock lock(mutex_);
    cancelled_ = true;
    what = next();
  }
  act(what);
}

void Session::OnDone() {
  if (hub_ && id_ != 0) hub_->unsubscribe(id_);
  const auto last = std::move(self_);
}

Session::Next Session::next() {
  if (writing_ || finished_ || id_ == 0) return Next::kNothing;
  if (cancelled_) {
    finished_ = true;
    status_ = grpc::Status::CANCELLED;
    return Next::kFinish;
  }
  auto delivery = hub_->take(id_);
  if (!delivery) {
    finished_ = true;
    status_ = status_of(delivery.error());
    return Next::kFinish;
  }
  if (!*delivery) return Next::kNothing;
  update_.Clear();
  for (const Delivery::Entry& entry : (*delivery)->entries) {
    v1::Entry& made = *update_.add_entries();
    made.set_key(entry.key);
    made.set_value(*entry.value);
  }
  for (const std::string& key : (*delivery)->removed) update_.add_removed(key);
  update_.set_complete((*delivery)->complete);
  writing_ = true;
  return Next::kWrite;
}

void Session::act(Next next) {
  if (next == Next::kWrite) StartWrite(&update_);
  else if (next == Next::kFinish) Finish(status_);
}

}  // namespace certferry::relay
