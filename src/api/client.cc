#include "ochre/client.h"

#include <utility>

#include "api/convert.h"
#include "instance/instance.h"
#include "types/catch_exceptions.h"

namespace ochre {
namespace {

DatabaseInfo ToInfo(const DatabaseRecord& record) {
  return {.id = record.id.ToString(), .name = record.name, .tenant = record.tenant};
}

Result<NewCollection> ToNewCollection(std::string_view tenant, std::string_view database, std::string_view name,
                                      const CollectionOptions& options) {
  NewCollection request = {.tenant = std::string(tenant),
                           .database = std::string(database),
                           .name = std::string(name),
                           .metadata = options.metadata,
                           .configuration = {},
                           .get_or_create = false};
  request.configuration.hnsw.space = options.space;
  request.configuration.hnsw.max_neighbors = options.max_neighbors;
  request.configuration.hnsw.ef_construction = options.ef_construction;
  request.configuration.hnsw.ef_search = options.ef_search;
  request.configuration.hnsw.quantization = options.quantization;
  OCHRE_ASSIGN_OR_RETURN(request.configuration.embedding_function,
                         ToConfigurationBlock(options.embedding_function.get()));
  return request;
}

}  // namespace

Client::Client(std::shared_ptr<Instance> instance, std::string tenant, std::string database)
    : instance_(std::move(instance)), tenant_(std::move(tenant)), database_(std::move(database)) {}

Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::Open(const std::filesystem::path& path, const ClientOptions& options) {
  return CatchExceptions([&]() -> Result<std::unique_ptr<Client>> {
    OCHRE_ASSIGN_OR_RETURN(auto instance, Instance::Open(path, options));
    return std::unique_ptr<Client>(
        new Client(std::move(instance), std::string(kDefaultTenant), std::string(kDefaultDatabase)));
  });
}

Result<std::unique_ptr<Client>> Client::InMemory(const ClientOptions& options) {
  return CatchExceptions([&]() -> Result<std::unique_ptr<Client>> {
    OCHRE_ASSIGN_OR_RETURN(auto instance, Instance::InMemory(options));
    return std::unique_ptr<Client>(
        new Client(std::move(instance), std::string(kDefaultTenant), std::string(kDefaultDatabase)));
  });
}

Status Client::Close() {
  return CatchExceptions([&] { return instance_->Close(); });
}

Status Client::Reset() {
  OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
  return gateway->Reset();
}

Status Client::CreateTenant(std::string_view name) {
  return CatchExceptions([&]() -> Status {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    return gateway->CreateTenant(name);
  });
}

Result<TenantInfo> Client::GetTenant(std::string_view name) const {
  return CatchExceptions([&]() -> Result<TenantInfo> {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    OCHRE_ASSIGN_OR_RETURN(TenantRecord tenant, gateway->GetTenant(name));
    return TenantInfo{std::move(tenant.name), std::move(tenant.resource_name)};
  });
}

Status Client::CreateDatabase(std::string_view name) {
  return CatchExceptions([&]() -> Status {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    return gateway->CreateDatabase(tenant_, name);
  });
}

Result<DatabaseInfo> Client::GetDatabase(std::string_view name) const {
  return CatchExceptions([&]() -> Result<DatabaseInfo> {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    OCHRE_ASSIGN_OR_RETURN(const DatabaseRecord database, gateway->GetDatabase(tenant_, name));
    return ToInfo(database);
  });
}

Result<std::vector<DatabaseInfo>> Client::ListDatabases(std::optional<int64_t> limit, int64_t offset) const {
  return CatchExceptions([&]() -> Result<std::vector<DatabaseInfo>> {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    OCHRE_ASSIGN_OR_RETURN(const auto databases, gateway->ListDatabases(tenant_, limit, offset));
    std::vector<DatabaseInfo> infos;
    for (const DatabaseRecord& database : databases) infos.push_back(ToInfo(database));
    return infos;
  });
}

Status Client::DeleteDatabase(std::string_view name) {
  return CatchExceptions([&]() -> Status {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    return gateway->DeleteDatabase(tenant_, name);
  });
}

Result<std::unique_ptr<Client>> Client::WithDatabase(std::string_view tenant, std::string_view database) const {
  return CatchExceptions([&]() -> Result<std::unique_ptr<Client>> {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    OCHRE_RETURN_IF_ERROR(gateway->GetTenant(tenant).status());
    OCHRE_RETURN_IF_ERROR(gateway->GetDatabase(tenant, database).status());
    return std::unique_ptr<Client>(new Client(instance_, std::string(tenant), std::string(database)));
  });
}

Result<std::unique_ptr<Client>> Client::WithTenant(std::string_view tenant) const {
  return CatchExceptions([&]() -> Result<std::unique_ptr<Client>> {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    OCHRE_RETURN_IF_ERROR(gateway->GetTenant(tenant).status());
    return std::unique_ptr<Client>(new Client(instance_, std::string(tenant), std::string(kDefaultDatabase)));
  });
}

Result<Collection> Client::CreateCollection(std::string_view name, const CollectionOptions& options) {
  return CatchExceptions([&]() -> Result<Collection> {
    OCHRE_ASSIGN_OR_RETURN(const NewCollection request, ToNewCollection(tenant_, database_, name, options));
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    OCHRE_ASSIGN_OR_RETURN(const CollectionPointer collection, gateway->CreateCollection(request));
    return Collection(instance_, collection->id.ToString(), options.embedding_function);
  });
}

Result<Collection> Client::GetOrCreateCollection(std::string_view name, const CollectionOptions& options) {
  return CatchExceptions([&]() -> Result<Collection> {
    OCHRE_ASSIGN_OR_RETURN(NewCollection request, ToNewCollection(tenant_, database_, name, options));
    request.get_or_create = true;
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    OCHRE_ASSIGN_OR_RETURN(const CollectionPointer collection, gateway->CreateCollection(request));
    OCHRE_ASSIGN_OR_RETURN(auto function, ResolveEmbeddingFunction(collection->configuration.embedding_function,
                                                                   options.embedding_function));
    return Collection(instance_, collection->id.ToString(), std::move(function));
  });
}

Result<Collection> Client::GetCollection(std::string_view name,
                                         std::shared_ptr<const EmbeddingFunction> embedding_function) const {
  return CatchExceptions([&]() -> Result<Collection> {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    OCHRE_ASSIGN_OR_RETURN(const CollectionPointer collection, gateway->GetCollection(tenant_, database_, name));
    OCHRE_ASSIGN_OR_RETURN(auto function, ResolveEmbeddingFunction(collection->configuration.embedding_function,
                                                                   std::move(embedding_function)));
    return Collection(instance_, collection->id.ToString(), std::move(function));
  });
}

Result<Collection> Client::OpenCollection(const CollectionInfo& info,
                                          std::shared_ptr<const EmbeddingFunction> embedding_function) const {
  if (!Uuid::Parse(info.id).has_value()) {
    return Status::InvalidArgument("info.id is \"", info.id, "\", but must be the UUID of a collection");
  }
  OCHRE_RETURN_IF_ERROR(instance_->Enter().status());
  OCHRE_ASSIGN_OR_RETURN(auto function, ResolveEmbeddingFunction(EmbeddingFunctionBlock(info.configuration_json),
                                                                 std::move(embedding_function)));
  return Collection(instance_, info.id, std::move(function));
}

Result<std::vector<CollectionInfo>> Client::ListCollections(std::optional<int64_t> limit, int64_t offset) const {
  return CatchExceptions([&]() -> Result<std::vector<CollectionInfo>> {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    OCHRE_ASSIGN_OR_RETURN(const auto collections, gateway->ListCollections(tenant_, database_, limit, offset));
    std::vector<CollectionInfo> infos;
    for (const CollectionPointer& collection : collections) infos.push_back(ochre::ToInfo(*collection));
    return infos;
  });
}

Result<int64_t> Client::CountCollections() const {
  return CatchExceptions([&]() -> Result<int64_t> {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    return gateway->CountCollections(tenant_, database_);
  });
}

Status Client::DeleteCollection(std::string_view name) {
  return CatchExceptions([&]() -> Status {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    return gateway->DeleteCollection(tenant_, database_, name);
  });
}

Status Client::Compact(const Collection& collection) {
  return CatchExceptions([&]() -> Status {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    return gateway->Compact(ParseCollectionId(collection.id()));
  });
}

Status Client::WaitUntilCompacted(const Collection& collection) {
  return CatchExceptions([&]() -> Status {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    return gateway->WaitUntilCompacted(ParseCollectionId(collection.id()));
  });
}

Result<CollectionStats> Client::Stats(const Collection& collection) const {
  return CatchExceptions([&]() -> Result<CollectionStats> {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    return gateway->Stats(ParseCollectionId(collection.id()));
  });
}

Status Client::Verify(const Collection& collection) const {
  return CatchExceptions([&]() -> Status {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    return gateway->Verify(ParseCollectionId(collection.id()));
  });
}

}  // namespace ochre
