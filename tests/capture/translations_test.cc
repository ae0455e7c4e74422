// Messages as the catalogues of a PostgreSQL 15 server fill them in.
#include <gtest/gtest.h>

#include "analyzer/capture/message.h"
#include "analyzer/capture/severity.h"

namespace pgsieve {
namespace {

struct Sample {
  const char* message;
  MessageKind kind;
  const char* name;
};

class Translated : public ::testing::TestWithParam<Sample> {};

TEST_P(Translated, IsRecognised) {
  const Message message = classify_message(GetParam().message);
  EXPECT_EQ(message.kind, GetParam().kind) << GetParam().message;
  EXPECT_EQ(message.name, GetParam().name) << GetParam().message;
  EXPECT_EQ(message.text, message.kind == MessageKind::kDuration ? "" : "SELECT 1") << GetParam().message;
  EXPECT_EQ(message.duration, 1500) << GetParam().message;
}

using K = MessageKind;
INSTANTIATE_TEST_SUITE_P(
    Catalogues, Translated,
    ::testing::Values(
        Sample{"Dauer: 1.500 ms", K::kDuration, ""},
        Sample{"Dauer: 1.500 ms  Anweisung: SELECT 1", K::kStatement, ""},
        Sample{"Dauer: 1.500 ms  Parsen <unnamed>: SELECT 1", K::kParse, ""},
        Sample{"Dauer: 1.500 ms  Ausführen Fetch von S_1/C_2: SELECT 1", K::kFetch, "S_1/C_2"},
        Sample{"duración: 1.500 ms  sentencia: SELECT 1", K::kStatement, ""},
        Sample{"duración: 1.500 ms  parse: S_1: SELECT 1", K::kParse, "S_1"},
        Sample{"duración: 1.500 ms  bind S_1: SELECT 1", K::kBind, "S_1"},
        Sample{"duración: 1.500 ms  ejecutar S_1: SELECT 1", K::kExecute, "S_1"},
        Sample{"durée : 1.500 ms, instruction : SELECT 1", K::kStatement, ""},
        Sample{"durée : 1.500 ms, analyse S_1 : SELECT 1", K::kParse, "S_1"},
        Sample{"durée : 1.500 ms, lien S_1 : SELECT 1", K::kBind, "S_1"},
        Sample{"durée : 1.500 ms  exécute fetch à partir de S_1/C_2: SELECT 1", K::kFetch, "S_1/C_2"},
        Sample{"durata: 1.500 ms  istruzione: SELECT 1", K::kStatement, ""},
        Sample{"durata: 1.500 ms  analisi di S_1: SELECT 1", K::kParse, "S_1"},
        Sample{"durata: 1.500 ms  esecuzione di S_1: SELECT 1", K::kExecute, "S_1"},
        Sample{"durata: 1.500 ms  esecuzione di fetch da S_1/C_2: SELECT 1", K::kFetch, "S_1/C_2"},
        Sample{"期間: 1.500 ミリ秒  文: SELECT 1", K::kStatement, ""},
        Sample{"期間: 1.500 ミリ秒  パースS_1 : SELECT 1", K::kParse, "S_1"},
        Sample{"期間: 1.500 ミリ秒  パース<unnamed> : SELECT 1", K::kParse, ""},
        Sample{"期間: 1.500 ミリ秒  バインド S_1: SELECT 1", K::kBind, "S_1"},
        Sample{"期間: 1.500 ミリ秒  実行 S_1: SELECT 1", K::kExecute, "S_1"},
        Sample{"실행시간: 1.500 ms  S_1 구문분석: SELECT 1", K::kParse, "S_1"},
        Sample{"실행시간: 1.500 ms  S_1 접속: SELECT 1", K::kBind, "S_1"},
        Sample{"수행시간: 1.500 ms  쿼리실행 S_1: SELECT 1", K::kExecute, "S_1"},
        Sample{"продолжительность: 1.500 мс, оператор: SELECT 1", K::kStatement, ""},
        Sample{"продолжительность: 1.500 мс, сообщение Bind S_1: SELECT 1", K::kBind, "S_1"},
        Sample{"продолжительность: 1.500 мс  выполнение S_1: SELECT 1", K::kExecute, "S_1"},
        Sample{"varaktighet 1.500 ms", K::kDuration, ""},
        Sample{"varaktighet: 1.500 ms  kör S_1: SELECT 1", K::kExecute, "S_1"},
        Sample{"тривалість: 1.500 мс, повідомлення bind S_1: SELECT 1", K::kBind, "S_1"},
        Sample{"耗时: 1.500 ms", K::kDuration, ""},
        Sample{"耗时: 1.500 ms  语句: SELECT 1", K::kStatement, ""},
        Sample{"耗时: 1.500 ms  绑定 S_1: SELECT 1", K::kBind, "S_1"},
        Sample{"耗时: 1.500 ms  执行 S_1: SELECT 1", K::kExecute, "S_1"},
        Sample{"执行时间: 1.500 ms 执行FETCH操作S_1/C_2: SELECT 1", K::kFetch, "S_1/C_2"},
        Sample{"ხანგრძლივობა: 1.500 მწმ  გამოსახულება: SELECT 1", K::kStatement, ""},
        Sample{"ხანგრძლივობა: 1.500 მწმ  S_1-ის დამუშავება: SELECT 1", K::kParse, "S_1"},
        Sample{"ხანგრძლივობა: 1.500 მწმ  მიბმა S_1: SELECT 1", K::kBind, "S_1"},
        Sample{"ხანგრძლივობა: 1.500 მწმs  გაშვება S_1: SELECT 1", K::kExecute, "S_1"},
        Sample{"ხანგრძლივობა: 1.500 მწმs  execute fetch from S_1/C_2: SELECT 1", K::kFetch, "S_1/C_2"},
        Sample{"持續時間: 1.500 毫秒  陳述式: SELECT 1", K::kStatement, ""}));

TEST(TranslatedContext, HasTheParametersOfThePortal) {
  for (const char* context :
       {"unbenanntes Portal mit Parametern: $1 = '9'", "Portal »C_9« mit Parametern: $1 = '9'",
        "PL/pgSQL-Funktion f()\nPortal »C_9« mit Parametern: $1 = '9'",
        "portal sin nombre con parámetros: $1 = '9'", "portail « C_9 » avec les paramètres : $1 = '9'",
        "portale senza nome con parametri: $1 = '9'", "パラメータを持つ無名ポータル: $1 = '9'",
        "უსახელო პორტალი პარამეტრებით: $1 = '9'", "이름 없는 포탈의 매개 변수: $1 = '9'",
        "портал \"C_9\" с параметрами: $1 = '9'", "ej namngiven portal med parametrar: $1 = '9'",
        "портал без імені з параметрами: $1 = '9'", "未命名 portal 的参数: $1 = '9'",
        "unnamed portal with parameters: $1 = '9'"})
    EXPECT_EQ(context_parameters(context), "$1 = '9'") << context;
  EXPECT_EQ(context_parameters("portail non nommé avec les paramètres : « $1 = '9' »"), "$1 = '9' ");
  for (const char* context : {"", "SQL-Anweisung »SELECT $1 = 2«", "PL/pgSQL-Funktion f(): $1 = '9'",
                              "SQL statement \"a: $1 = 2\""})
    EXPECT_EQ(context_parameters(context), "") << context;
}

TEST(TranslatedLevels, AreRecognised) {
  EXPECT_EQ(read_severity("灾难性错误:  x").severity, Severity::kPanic);
  EXPECT_EQ(read_severity("详情:  x").severity, Severity::kDetail);
  EXPECT_EQ(read_severity("LOGG:  x").severity, Severity::kLog);
  EXPECT_EQ(read_severity("ПОМИЛКА:  x").severity, Severity::kError);
  EXPECT_EQ(read_severity("陳述式:  x").severity, Severity::kStatement);
  EXPECT_EQ(read_severity("쿼리:select 1").severity, Severity::kQuery);
  EXPECT_EQ(read_severity("HATA:  x").severity, Severity::kError);
  EXPECT_EQ(read_severity("PŘÍKAZ:  x").severity, Severity::kStatement);
}

// The server writes in the encoding of the database: Latin-1 and its kin, Windows-1251.
TEST(Encodings, OfOneByteAreRecognised) {
  const Message execute = classify_message(
      "dur\xE9"
      "e : 1.500 ms, ex\xE9"
      "cute S_1 : SELECT 1");
  EXPECT_EQ(execute.kind, MessageKind::kExecute);
  EXPECT_EQ(execute.text, "SELECT 1");
  EXPECT_EQ(execute.duration, 1500);
  EXPECT_EQ(classify_message("Dauer: 1.500 ms  Ausf\xFChren S_1: SELECT 1").kind, MessageKind::kExecute);
  EXPECT_EQ(classify_message("duraci\xF3n: 1.500 ms  ejecutar S_1: SELECT 1").kind, MessageKind::kExecute);
  // "продолжительность: 1.500 мс, оператор: SELECT 1"
  const Message statement = classify_message(
      "\xEF\xF0\xEE\xE4\xEE\xEB\xE6\xE8\xF2\xE5\xEB\xFC\xED\xEE\xF1\xF2\xFC: 1.500 \xEC\xF1, "
      "\xEE\xEF\xE5\xF0\xE0\xF2\xEE\xF0: SELECT 1");
  EXPECT_EQ(statement.kind, MessageKind::kStatement);
  EXPECT_EQ(statement.text, "SELECT 1");
  EXPECT_EQ(read_severity("D\xC9TAIL:  x").severity, Severity::kDetail);
  EXPECT_EQ(read_severity("\xD1\xCE\xCE\xC1\xD9\xC5\xCD\xC8\xC5:  x").severity, Severity::kLog);  // СООБЩЕНИЕ
  EXPECT_EQ(read_severity("\xD1\xCE\xCE\xC1\xD9\xC5\xCD\xC8:  x").length, 0U);
}

}  // namespace
}  // namespace pgsieve
