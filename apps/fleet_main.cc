// certferry-fleet: certferry with the parts that talk gRPC, and to devices that have keys.
#include <cstdlib>

#include "cli/start.h"
#include "cli/run.h"
#include "commands/engines.h"
#include "container/confined_main.h"
#include "seal/device/devices.h"
#include "store/etcd/etcd_store.h"

namespace {

certferry::Result<std::unique_ptr<certferry::store::Store>> open_etcd(const certferry::store::EtcdUrl& url,
                                                                      bool write) {
  using certferry::store::EtcdStore;
  return EtcdStore::open(url, write ? EtcdStore::Access::kWrite : EtcdStore::Access::kRead);
}

certferry::Result<std::size_t> purge_etcd(const certferry::store::EtcdUrl& url, certferry::Time now) {
  CERTFERRY_ASSIGN(const auto store,
                   certferry::store::EtcdStore::open(url, certferry::store::EtcdStore::Access::kWrite));
  return store->purge(now);
}

}  // namespace

int main(int argc, char** argv) {
  if (!certferry::cli::can_start()) return certferry::cli::kCannotStart;
  if (const auto code = certferry::container::confined_main(argc, argv)) return *code;
  // Names are resolved as every other program of this computer does (nsswitch.conf), not by gRPC's own DNS client.
  ::setenv("GRPC_DNS_RESOLVER", "native", 0);
  // What a TPM says no to is told by certferry, once.
  ::setenv("TSS2_LOG", "all+none", 0);
  const certferry::commands::Engines engines{certferry::relay::Client::make,
                                             certferry::relay::Server::start,
                                             open_etcd,
                                             purge_etcd,
                                             certferry::store::examine_etcd,
                                             certferry::seal::open_device_key,
                                             certferry::seal::make_device_key};
  return certferry::cli::run(argc, argv, &engines);
}
