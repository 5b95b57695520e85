"""Every public method of the published `aurra-langchain`, against a running server."""

import asyncio
import warnings

from aurra_langchain import AurraChatMessageHistory
from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.runnables.history import RunnableWithMessageHistory

from report import SERVER, Report, need

warnings.simplefilter("ignore")  # LangChain prefers another way of keeping histories
report = Report("aurra-langchain")
check = report.check


def history(session, **options):
    return AurraChatMessageHistory(SERVER["keys"]["langchain"], session, base_url=SERVER["url"], **options)


def words(chat):
    return [(type(m).__name__, m.content) for m in chat.messages]


ASKED = "I am Carla and I live in Lisbon."
SAID = "Nice! I'd recommend Casa Verde for dinner."


def turn():
    chat = history("s1")
    need(isinstance(chat, BaseChatMessageHistory), type(chat))
    need(chat.messages == [], chat.messages)
    chat.add_user_message(ASKED)
    need(chat.messages == [], "buffered until the reply")
    chat.add_ai_message(SAID)
    given = words(history("s1"))
    need(given[0] == ("HumanMessage", ASKED), given)
    need(("AIMessage", SAID) in given[1:], given)
    need(len(given) == 2, given)
    return given


def sessions():
    other = history("s2")
    need(other.messages == [], "another session's messages")
    other.add_message(HumanMessage("I have a cat called Mog."))
    other.add_message(SystemMessage("Be kind."))
    other.add_message(AIMessage("Noted."))
    need(words(other) == [("HumanMessage", "I have a cat called Mog.")], words(other))
    return words(other)


def tenant():
    chat = history("s3", tenant_id="acme", auto_supersede=True, max_messages_returned=2)
    chat.add_messages([HumanMessage("I work at Globex."), AIMessage("Good."), HumanMessage("I live in Rome."), AIMessage("Nice.")])
    need(words(chat) == [("HumanMessage", "I work at Globex."), ("HumanMessage", "I live in Rome.")], words(chat))
    need(history("s3").messages == [], "seen outside of its tenant")
    return words(chat)


def clear():
    chat = history("s1")
    chat.add_user_message("Never sent.")
    chat.clear()
    need(len(words(chat)) == 2, "clear() keeps what is stored")
    return "the buffer alone"


def asynchronous():
    async def run():
        chat = history("s4")
        await chat.aadd_messages([HumanMessage("I play the cello."), AIMessage("Lovely.")])
        given = await chat.aget_messages()
        await chat.aclear()
        return given

    given = asyncio.run(run())
    need([m.content for m in given] == ["I play the cello."], given)
    return [m.content for m in given]


def runnable():
    answer = RunnableLambda(lambda messages: AIMessage(f"I have read {len(messages)} messages."))
    chain = RunnableWithMessageHistory(answer, lambda session_id: history(session_id))
    config = {"configurable": {"session_id": "s5"}}
    chain.invoke([HumanMessage("My sister is called Anna.")], config=config)
    reply = chain.invoke([HumanMessage("My brother is called Ben.")], config=config)
    need(reply.content == "I have read 2 messages.", reply)
    return reply.content


def silent():
    chat = AurraChatMessageHistory("aurra_unknown", "s1", base_url=SERVER["url"])
    chat.add_user_message(ASKED)
    chat.add_ai_message(SAID)
    need(chat.messages == [], "0.1.0 swallows errors")
    return "no exception"


check("add_user_message", "add_user_message, add_ai_message, messages", turn)
report.check("add_ai_message", "add_ai_message(text) alone", lambda: need(history("s6").add_ai_message("Noted.") is None) or "sent")
check("add_message", "add_message(Human, System, AI)", sessions)
check("add_messages", "add_messages([...]), tenant_id=, auto_supersede=, max_messages_returned=", tenant)
check("clear", "clear()", clear)
check("aadd_messages", "aadd_messages, aget_messages, aclear", asynchronous)
check("aget_messages", "in the same run", lambda: "as above")
check("aclear", "in the same run", lambda: "as above")
check("messages", "RunnableWithMessageHistory(...).invoke", runnable)
check("add_user_message", "401: swallowed by the class", silent)
report.check_all_were_called("", AurraChatMessageHistory)
