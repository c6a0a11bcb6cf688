#include "view/resolve.h"

namespace ochre {
namespace {

Effect EffectOf(OperationKind kind, bool exists) {
  switch (kind) {
    case OperationKind::kAdd:
      return exists ? Effect::kNone : Effect::kInsert;
    case OperationKind::kUpdate:
      return exists ? Effect::kReplace : Effect::kNone;
    case OperationKind::kUpsert:
      return exists ? Effect::kReplace : Effect::kInsert;
    case OperationKind::kDelete:
      return exists ? Effect::kDelete : Effect::kNone;
  }
  return Effect::kNone;
}

}  // namespace

Resolution Resolve(OperationKind kind, const Operation& operation, const RecordContents* existing) {
  Resolution resolution;
  resolution.effect = EffectOf(kind, existing != nullptr);
  if (resolution.effect != Effect::kInsert && resolution.effect != Effect::kReplace) return resolution;

  static constexpr RecordContents kNothing;
  const RecordContents& base = existing != nullptr ? *existing : kNothing;
  // Merging also drops nulls, which an inserted record must not keep.
  resolution.merged_metadata = MergeMetadata(base.metadata, operation.metadata);
  resolution.contents = {
      .embedding = operation.embedding != nullptr ? operation.embedding : base.embedding,
      .document = operation.document.has_value() ? operation.document : base.document,
      .uri = operation.uri.has_value() ? operation.uri : base.uri,
      .metadata = EncodedMetadata(resolution.merged_metadata),
  };
  return resolution;
}

}  // namespace ochre
