#include "seal/device/pkcs11_session.h"

#include <mutex>
#include <set>

#include "base/escape.h"
#include "seal/device/device_error.h"
#include "x509/digest.h"

namespace certferry::seal {
namespace {

constexpr std::size_t kLongestPin = 1024;

std::string trimmed(const unsigned char* text, std::size_t size) {
  std::string_view all(reinterpret_cast<const char*>(text), size);
  return std::string(all.substr(0, all.find_last_not_of(' ') + 1));
}

// What was wrong once: SHA-256 of the token's serial number and the PIN.
class WrongPins {
 public:
  [[nodiscard]] static Bytes mark(const CK_TOKEN_INFO& token, const Secret& pin) {
    const std::string serial = trimmed(token.serialNumber, sizeof token.serialNumber);
    Bytes all;
    all.reserve(serial.size() + 1 + pin.size());
    all.assign(serial.begin(), serial.end());
    all.push_back(0);
    all.insert(all.end(), pin.view().begin(), pin.view().end());
    const Secret held(std::move(all));
    return to_bytes(x509::sha256(held.view()));
  }
  [[nodiscard]] bool contains(const Bytes& mark) {
    const std::scoped_lock lock(mutex_);
    return marks_.contains(mark);
  }
  void insert(Bytes mark) {
    const std::scoped_lock lock(mutex_);
    marks_.insert(std::move(mark));
  }

 private:
  std::mutex mutex_;
  std::set<Bytes> marks_;
};

WrongPins& wrong_pins() {
  static WrongPins pins;
  return pins;
}

Result<Secret> pin_of(P11KitUri* uri, const DeviceAccess& access) {
  const char* const source = p11_kit_uri_get_pin_source(uri);
  if (!source) return access.ask_pin();
  std::string_view path = source;
  if (path.starts_with("file:")) path.remove_prefix(std::string_view("file:").size());
  while (path.starts_with("//")) path.remove_prefix(1);
  CERTFERRY_ASSIGN(const Secret text, access.files.read(std::string(path), kLongestPin));
  const std::string_view line = text.text();
  return Secret(line.substr(0, line.find_first_of("\r\n")));
}

}  // namespace

Result<UriPtr> parse_uri(std::string_view text) {
  UriPtr uri(p11_kit_uri_new());
  const std::string copy(text);
  const int code = p11_kit_uri_parse(copy.c_str(), P11_KIT_URI_FOR_ANY, uri.get());
  if (code != P11_KIT_URI_OK) return no_such_place(escape_terminal(text), p11_kit_uri_message(code));
  if (p11_kit_uri_any_unrecognized(uri.get()))
    return no_such_place(escape_terminal(text), "it has attributes that RFC 7512 does not know");
  if (p11_kit_uri_get_pin_value(uri.get()))
    return no_such_place("pkcs11:…", "a PIN must not stand in it; name a file with pin-source=file:PATH");
  return uri;
}

Result<std::unique_ptr<Pkcs11Session>> Pkcs11Session::open(P11KitUri* uri, bool write, const DeviceAccess& access) {
  std::unique_ptr<Pkcs11Session> session(new Pkcs11Session);
  CERTFERRY_TRY(session->load(uri));
  CERTFERRY_TRY(session->choose(uri));
  const CK_FLAGS flags = CKF_SERIAL_SESSION | (write ? CKF_RW_SESSION : 0);
  const CK_RV opened = session->module_->C_OpenSession(session->slot_, flags, nullptr, nullptr, &session->handle_);
  if (opened != CKR_OK) return no_device(session->name_ + ": " + p11_kit_strerror(opened));
  CERTFERRY_TRY(session->log_in(uri, access));
  return session;
}

Pkcs11Session::~Pkcs11Session() {
  if (handle_ != CK_INVALID_HANDLE) module_->C_CloseSession(handle_);
  if (all_) p11_kit_modules_finalize_and_release(all_);
  if (one_) {
    p11_kit_module_finalize(one_);
    p11_kit_module_release(one_);
  }
}

Result<> Pkcs11Session::load(P11KitUri* uri) {
  const char* const path = p11_kit_uri_get_module_path(uri);
  if (!path) {
    all_ = p11_kit_modules_load_and_initialize(0);
    if (!all_) return no_device(std::string("no PKCS #11 module could be loaded: ") + p11_kit_message());
    return {};
  }
  one_ = p11_kit_module_load(path, 0);
  if (!one_) return no_device(std::string(path) + ": " + p11_kit_message());
  if (const CK_RV ready = p11_kit_module_initialize(one_); ready != CKR_OK) {
    p11_kit_module_release(one_);
    one_ = nullptr;
    return no_device(std::string(path) + ": " + p11_kit_strerror(ready));
  }
  return {};
}

Result<> Pkcs11Session::choose(P11KitUri* uri) {
  CK_FUNCTION_LIST* only[] = {one_, nullptr};
  std::size_t found = 0;
  for (CK_FUNCTION_LIST** module = one_ ? only : all_; *module; ++module) {
    CK_ULONG count = 0;
    if ((*module)->C_GetSlotList(CK_TRUE, nullptr, &count) != CKR_OK || count == 0) continue;
    std::vector<CK_SLOT_ID> slots(count);
    if ((*module)->C_GetSlotList(CK_TRUE, slots.data(), &count) != CKR_OK) continue;
    slots.resize(count);
    for (const CK_SLOT_ID slot : slots) {
      CK_TOKEN_INFO token{};
      if ((*module)->C_GetTokenInfo(slot, &token) != CKR_OK || !(token.flags & CKF_TOKEN_INITIALIZED) ||
          p11_kit_uri_match_token_info(uri, &token) != 1) {
        continue;
      }
      ++found;
      module_ = *module;
      slot_ = slot;
      token_ = token;
    }
  }
  if (found == 0) return no_device("no token that is connected is the one of the URI");
  if (found > 1) return no_device("more than one token is the one of the URI: name it by its serial number too");
  name_ = "the token " + escape_terminal(trimmed(token_.label, sizeof token_.label));
  return {};
}

Result<> Pkcs11Session::log_in(P11KitUri* uri, const DeviceAccess& access) {
  if (!(token_.flags & CKF_LOGIN_REQUIRED)) return {};
  CK_SESSION_INFO info{};
  if (module_->C_GetSessionInfo(handle_, &info) == CKR_OK &&
      (info.state == CKS_RO_USER_FUNCTIONS || info.state == CKS_RW_USER_FUNCTIONS)) {
    return {};
  }
  if (token_.flags & CKF_USER_PIN_LOCKED) return wrong_pin(name_, "it is locked");
  if (token_.flags & CKF_USER_PIN_FINAL_TRY) return wrong_pin(name_, "one more wrong one would lock it");
  Secret pin;
  if (!(token_.flags & CKF_PROTECTED_AUTHENTICATION_PATH)) {
    CERTFERRY_ASSIGN(pin, pin_of(uri, access));
  }
  Bytes mark = WrongPins::mark(token_, pin);
  if (wrong_pins().contains(mark)) return wrong_pin(name_, "it was wrong before");
  // The module's parameter is not const; it does not write to it.
  auto* const octets = const_cast<unsigned char*>(pin.view().data());
  const CK_RV done = module_->C_Login(handle_, CKU_USER, pin.empty() ? nullptr : octets, pin.size());
  if (done == CKR_OK || done == CKR_USER_ALREADY_LOGGED_IN) return {};
  if (done == CKR_PIN_INCORRECT || done == CKR_PIN_LEN_RANGE || done == CKR_PIN_INVALID)
    wrong_pins().insert(std::move(mark));
  return wrong_pin(name_, p11_kit_strerror(done));
}

Result<std::vector<CK_OBJECT_HANDLE>> Pkcs11Session::find(std::vector<CK_ATTRIBUTE> attributes) const {
  CK_RV code = module_->C_FindObjectsInit(handle_, attributes.data(), attributes.size());
  if (code != CKR_OK) return device_failed("look for a key", p11_kit_strerror(code));
  std::vector<CK_OBJECT_HANDLE> found(2);
  CK_ULONG count = 0;
  code = module_->C_FindObjects(handle_, found.data(), found.size(), &count);
  module_->C_FindObjectsFinal(handle_);
  if (code != CKR_OK) return device_failed("look for a key", p11_kit_strerror(code));
  found.resize(count);
  return found;
}

}  // namespace certferry::seal
