// The dialogues by protocol; used by make_dialogue alone.
#pragma once

#include <memory>

#include "probe/starttls.h"

namespace certferry::probe {

// SMTP, LMTP, FTP: three-digit replies.
[[nodiscard]] std::unique_ptr<Dialogue> make_reply_code_dialogue(Starttls protocol, const DialogueNames& names);
[[nodiscard]] std::unique_ptr<Dialogue> make_imap_dialogue();
[[nodiscard]] std::unique_ptr<Dialogue> make_pop3_dialogue();
[[nodiscard]] std::unique_ptr<Dialogue> make_sieve_dialogue();
[[nodiscard]] std::unique_ptr<Dialogue> make_ldap_dialogue();
[[nodiscard]] std::unique_ptr<Dialogue> make_xmpp_dialogue(Starttls protocol, const DialogueNames& names);
[[nodiscard]] std::unique_ptr<Dialogue> make_postgresql_dialogue();
[[nodiscard]] std::unique_ptr<Dialogue> make_mysql_dialogue();

}  // namespace certferry::probe
