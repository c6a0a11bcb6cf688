#include "capi/client.h"

#include <cstddef>
#include <filesystem>
#include <limits>
#include <string_view>

#include "capi/text.h"

namespace ochre {

template <>
inline constexpr uint64_t kStampMin<ochre_client_options> = offsetof(ochre_client_options, quotas);

namespace {

ochre_client_options DefaultOptions() {
  const ClientOptions defaults;
  ochre_client_options options{};
  options.durability = static_cast<int32_t>(defaults.durability);
  options.create_if_missing = defaults.create_if_missing ? 1 : 0;
  options.compaction_threads = defaults.compaction_threads;
  options.tail_records_max = defaults.tail_records_max;
  options.tail_bytes_max = defaults.tail_bytes_max;
  options.aged_tail_records_min = defaults.aged_tail_records_min;
  options.aged_tail_seconds = defaults.aged_tail_seconds;
  options.tail_bytes_slowdown = defaults.tail_bytes_slowdown;
  options.writers_refused = defaults.writers_wait ? 0 : 1;
  return options;
}

Result<ClientOptions> ToOptions(const ochre_client_options* given) {
  if (given == nullptr) return ClientOptions();
  OCHRE_ASSIGN_OR_RETURN(const ochre_client_options options, ReadStamped(given, "options", DefaultOptions()));
  if (options.durability < OCHRE_DURABILITY_NONE || options.durability > OCHRE_DURABILITY_MEMORY) {
    return Status::InvalidArgument("options.durability is ", options.durability, ", which is none");
  }
  OCHRE_ASSIGN_OR_RETURN(const auto quotas, ToOptionalText(options.quotas, "options.quotas"));
  OCHRE_ASSIGN_OR_RETURN(const Quotas limits, ParseQuotas(quotas.value_or("none")));
  return ClientOptions{.durability = static_cast<Durability>(options.durability),
                       .create_if_missing = options.create_if_missing != 0,
                       .compaction_threads = options.compaction_threads,
                       .tail_records_max = options.tail_records_max,
                       .tail_bytes_max = options.tail_bytes_max,
                       .aged_tail_records_min = options.aged_tail_records_min,
                       .aged_tail_seconds = options.aged_tail_seconds,
                       .tail_bytes_slowdown = options.tail_bytes_slowdown,
                       .writers_wait = options.writers_refused == 0,
                       .quotas = limits};
}

std::unique_ptr<ochre_client> MakeHandle(std::shared_ptr<OpenDatabase> database) {
  const std::shared_ptr<Client> client = database->client();
  return std::make_unique<ochre_client>(std::move(database), client);
}

}  // namespace
}  // namespace ochre

using ochre::Check;
using ochre::Guard;
using ochre::GuardCall;
using ochre::GuardCallNew;
using ochre::GuardNew;
using ochre::IsHandle;
using ochre::Result;
using ochre::Status;

extern "C" {

void ochre_client_options_init(ochre_client_options* options, uint64_t struct_size) {
  ochre::Initialise(options, struct_size, ochre::DefaultOptions());
}

ochre_status ochre_client_open(ochre_string path, const ochre_client_options* options, ochre_client** out,
                               ochre_error* error) {
  return GuardNew(out, error, [&]() -> Result<std::unique_ptr<ochre_client>> {
    OCHRE_ASSIGN_OR_RETURN(const std::string_view directory, ochre::ToText(path, "path"));
    // The file system would end the name there.
    if (directory.empty() || directory.find('\0') != std::string_view::npos) {
      return Status::InvalidArgument("path is empty or contains NUL");
    }
    OCHRE_ASSIGN_OR_RETURN(const ochre::ClientOptions client_options, ochre::ToOptions(options));
    OCHRE_ASSIGN_OR_RETURN(auto database, ochre::OpenDatabase::Open(std::filesystem::path(directory), client_options));
    return ochre::MakeHandle(std::move(database));
  });
}

ochre_status ochre_client_in_memory(const ochre_client_options* options, ochre_client** out, ochre_error* error) {
  return GuardNew(out, error, [&]() -> Result<std::unique_ptr<ochre_client>> {
    OCHRE_ASSIGN_OR_RETURN(const ochre::ClientOptions client_options, ochre::ToOptions(options));
    OCHRE_ASSIGN_OR_RETURN(auto database, ochre::OpenDatabase::InMemory(client_options));
    return ochre::MakeHandle(std::move(database));
  });
}

ochre_status ochre_client_close(ochre_client* client, ochre_error* error) {
  return Guard(error, [&]() -> Status {
    OCHRE_RETURN_IF_ERROR(Check(client, "client"));
    return client->database->Close();
  });
}

ochre_status ochre_client_interrupt(ochre_client* client, ochre_error* error) {
  return Guard(error, [&]() -> Status {
    OCHRE_RETURN_IF_ERROR(Check(client, "client"));
    return client->database->Interrupt();
  });
}

ochre_status ochre_client_reset(ochre_client* client, ochre_error* error) {
  return GuardCall(client, "client", error, [&] { return client->client->Reset(); });
}

void ochre_client_free(ochre_client* client) { ochre::Free(client); }

ochre_status ochre_client_create_tenant(ochre_client* client, ochre_string name, ochre_error* error) {
  return GuardCall(client, "client", error, [&]() -> Status {
    OCHRE_ASSIGN_OR_RETURN(const std::string_view text, ochre::ToText(name, "name"));
    return client->client->CreateTenant(text);
  });
}

ochre_status ochre_client_get_tenant(const ochre_client* client, ochre_string name, ochre_tenant_list** out,
                                     ochre_error* error) {
  return GuardCallNew(client, "client", out, error, [&]() -> Result<std::unique_ptr<ochre_tenant_list>> {
    OCHRE_ASSIGN_OR_RETURN(const std::string_view text, ochre::ToText(name, "name"));
    OCHRE_ASSIGN_OR_RETURN(ochre::TenantInfo info, client->client->GetTenant(text));
    return std::make_unique<ochre_tenant_list>(std::vector{std::move(info)});
  });
}

ochre_status ochre_client_create_database(ochre_client* client, ochre_string name, ochre_error* error) {
  return GuardCall(client, "client", error, [&]() -> Status {
    OCHRE_ASSIGN_OR_RETURN(const std::string_view text, ochre::ToText(name, "name"));
    return client->client->CreateDatabase(text);
  });
}

ochre_status ochre_client_get_database(const ochre_client* client, ochre_string name, ochre_database_list** out,
                                       ochre_error* error) {
  return GuardCallNew(client, "client", out, error, [&]() -> Result<std::unique_ptr<ochre_database_list>> {
    OCHRE_ASSIGN_OR_RETURN(const std::string_view text, ochre::ToText(name, "name"));
    OCHRE_ASSIGN_OR_RETURN(ochre::DatabaseInfo info, client->client->GetDatabase(text));
    return std::make_unique<ochre_database_list>(std::vector{std::move(info)});
  });
}

ochre_status ochre_client_list_databases(const ochre_client* client, int64_t limit, int64_t offset,
                                         ochre_database_list** out, ochre_error* error) {
  return GuardCallNew(client, "client", out, error, [&]() -> Result<std::unique_ptr<ochre_database_list>> {
    OCHRE_ASSIGN_OR_RETURN(auto infos, client->client->ListDatabases(ochre::ToLimit(limit), offset));
    return std::make_unique<ochre_database_list>(std::move(infos));
  });
}

ochre_status ochre_client_delete_database(ochre_client* client, ochre_string name, ochre_error* error) {
  return GuardCall(client, "client", error, [&]() -> Status {
    OCHRE_ASSIGN_OR_RETURN(const std::string_view text, ochre::ToText(name, "name"));
    return client->client->DeleteDatabase(text);
  });
}

ochre_status ochre_client_with_database(const ochre_client* client, ochre_string tenant, ochre_string database,
                                        ochre_client** out, ochre_error* error) {
  return GuardCallNew(client, "client", out, error, [&]() -> Result<std::unique_ptr<ochre_client>> {
    OCHRE_ASSIGN_OR_RETURN(const std::string_view tenant_name, ochre::ToText(tenant, "tenant"));
    OCHRE_ASSIGN_OR_RETURN(const std::string_view database_name, ochre::ToText(database, "database"));
    OCHRE_ASSIGN_OR_RETURN(auto view, client->client->WithDatabase(tenant_name, database_name));
    return std::make_unique<ochre_client>(client->database, std::move(view));
  });
}

ochre_status ochre_client_with_tenant(const ochre_client* client, ochre_string tenant, ochre_client** out,
                                      ochre_error* error) {
  return GuardCallNew(client, "client", out, error, [&]() -> Result<std::unique_ptr<ochre_client>> {
    OCHRE_ASSIGN_OR_RETURN(const std::string_view name, ochre::ToText(tenant, "tenant"));
    OCHRE_ASSIGN_OR_RETURN(auto view, client->client->WithTenant(name));
    return std::make_unique<ochre_client>(client->database, std::move(view));
  });
}

ochre_string ochre_client_tenant(const ochre_client* client) {
  return IsHandle(client) ? ochre::ToC(client->client->tenant()) : ochre_string{nullptr, 0};
}

ochre_string ochre_client_database(const ochre_client* client) {
  return IsHandle(client) ? ochre::ToC(client->client->database()) : ochre_string{nullptr, 0};
}

}  // extern "C"
