// AnswerHead: the head of an answer, as it is sent.
#ifndef OCHRE_SERVER_ANSWER_HEAD_H_
#define OCHRE_SERVER_ANSWER_HEAD_H_

#include <string>

#include "server/http_message.h"

namespace ochre {

// The status line and the header fields, with the empty line that ends them. The values of `answer.headers` have no
// control characters.
std::string AnswerHead(const HttpResponse& answer, bool keep_alive);

}  // namespace ochre

#endif  // OCHRE_SERVER_ANSWER_HEAD_H_
