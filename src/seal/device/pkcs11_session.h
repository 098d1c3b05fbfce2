// A token, found by its URI and logged in to.
#pragma once

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "seal/device_key.h"

namespace certferry::seal {

struct FreeUri {
  void operator()(P11KitUri* uri) const { p11_kit_uri_free(uri); }
};
using UriPtr = std::unique_ptr<P11KitUri, FreeUri>;
// CF2238, also for one with a pin-value: it would stand in files and in process lists.
[[nodiscard]] Result<UriPtr> parse_uri(std::string_view text);

// p11-kit counts who uses a module: as long as one of these lives, it is not finalized.
class Pkcs11Session {
 public:
  // CF2236 where no token matches, or more than one does; CF2237. A PIN that was wrong is not tried again by this process, and none
  // where the token has one try left: a service that goes on trying must not lock it.
  [[nodiscard]] static Result<std::unique_ptr<Pkcs11Session>> open(P11KitUri* uri, bool write,
                                                                   const DeviceAccess& access);
  Pkcs11Session(const Pkcs11Session&) = delete;
  Pkcs11Session& operator=(const Pkcs11Session&) = delete;
  ~Pkcs11Session();

  [[nodiscard]] CK_FUNCTION_LIST& module() const { return *module_; }
  [[nodiscard]] CK_SESSION_HANDLE handle() const { return handle_; }
  // "the token web01"
  [[nodiscard]] const std::string& name() const { return name_; }
  // Those that have all the attributes; at most two.
  [[nodiscard]] Result<std::vector<CK_OBJECT_HANDLE>> find(std::vector<CK_ATTRIBUTE> attributes) const;

 private:
  Pkcs11Session() = default;
  [[nodiscard]] Result<> load(P11KitUri* uri);
  [[nodiscard]] Result<> choose(P11KitUri* uri);
  [[nodiscard]] Result<> log_in(P11KitUri* uri, const DeviceAccess& access);

  CK_FUNCTION_LIST** all_ = nullptr;  // every configured module; or null
  CK_FUNCTION_LIST* one_ = nullptr;  // that of module-path; or null
  CK_FUNCTION_LIST* module_ = nullptr;
  CK_SLOT_ID slot_ = 0;
  CK_TOKEN_INFO token_{};
  CK_SESSION_HANDLE handle_ = CK_INVALID_HANDLE;
  std::string name_;
};

}  // namespace certferry::seal
