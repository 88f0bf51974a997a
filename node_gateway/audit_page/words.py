"""What the page says, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

Words = Mapping[str, str]

_EN: Final[Words] = MappingProxyType(
    {
        "language": "English",
        "title": "Audit of the network",
        "clean": "Nothing was found.",
        "found": "findings",
        "not_complete": "Not everything could be checked; see below.",
        "head": "Read up to block",
        "through": "through",
        "chain": "chain",
        "findings": "What was found",
        "who": "Who",
        "what": "What",
        "since": "Since",
        "bad": "How bad",
        "detail": "Detail",
        "grave": "grave: only a breach explains it",
        "serious": "serious: a duty was not met",
        "minor": "minor: out of order",
        "nobody": "no participant",
        "participants": "Participants",
        "gateway": "Gateway",
        "stream": "Stream",
        "anchors": "Anchors",
        "last": "Last anchor",
        "usual": "Usual interval",
        "lists": "Lists",
        "receipts": "Receipts kept / given",
        "challenges": "Leaves opened / asked for",
        "answered": "answered",
        "unreachable": "cannot be reached",
        "archive": "read from its archive",
        "none": "has none",
        "not_asked": "was not asked",
        "unchecked": "What was not checked",
        "all_checked": "Everything that was to be checked was checked.",
        "notes": "Worth knowing",
        "drawn": "Challenges were drawn by the hash of block",
        "means": "What a clean audit means",
        "meaning": "What was anchored was not changed since, and every promise that was shown to "
        "the auditor was kept. It does not mean that what participants stated is true.",
    }
)
_ZH: Final[Words] = MappingProxyType(
    {
        "language": "中文",
        "title": "网络审计报告",
        "clean": "未发现问题。",
        "found": "项发现",
        "not_complete": "有内容未能核查，见下文。",
        "head": "读取至区块",
        "through": "通过",
        "chain": "链",
        "findings": "发现的问题",
        "who": "对象",
        "what": "问题",
        "since": "起始时间",
        "bad": "严重程度",
        "detail": "详情",
        "grave": "重大：只能是违规",
        "serious": "严重：未履行义务",
        "minor": "轻微：不合规程",
        "nobody": "非参与方",
        "participants": "参与方",
        "gateway": "网关",
        "stream": "流",
        "anchors": "锚定数",
        "last": "最近锚定",
        "usual": "通常间隔",
        "lists": "清单",
        "receipts": "回执：兑现 / 提交",
        "challenges": "抽查：已打开 / 已要求",
        "answered": "已应答",
        "unreachable": "无法连接",
        "archive": "读取自其存档",
        "none": "没有网关",
        "not_asked": "未询问",
        "unchecked": "未核查的内容",
        "all_checked": "应核查的内容均已核查。",
        "notes": "说明",
        "drawn": "抽查由此区块的哈希决定",
        "means": "“未发现问题”意味着什么",
        "meaning": "已锚定的内容此后未被改动，向审计方出示的承诺均已兑现。"
        "这并不表示参与方所陈述的内容属实。",
    }
)
WORDS: Final[Mapping[str, Words]] = MappingProxyType({"en": _EN, "zh-CN": _ZH})

FINDINGS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "gap": {"en": "Anchors are missing or do not follow", "zh-CN": "锚定缺失或不连续"},
        "late_anchor": {"en": "An anchor came late", "zh-CN": "锚定迟到"},
        "silent_stream": {"en": "Nothing is anchored any more", "zh-CN": "已停止锚定"},
        "wrong_root": {
            "en": "A public list is not what was anchored",
            "zh-CN": "公开清单与锚定内容不符",
        },
        "unsorted_list": {"en": "A public list is out of order", "zh-CN": "公开清单未按序排列"},
        "withheld_list": {"en": "Public lists are withheld", "zh-CN": "拒不提供公开清单"},
        "wrong_record": {"en": "A witness contradicts itself", "zh-CN": "见证节点自相矛盾"},
        "key_unknown": {
            "en": "Anchored by a key of nobody, or of another",
            "zh-CN": "锚定所用密钥不属于该参与方",
        },
        "key_invalid": {
            "en": "Anchored by a key that was not valid",
            "zh-CN": "锚定时密钥已失效",
        },
        "receipt_invalid": {
            "en": "A receipt that was shown does not hold",
            "zh-CN": "出示的回执无效",
        },
        "broken_receipt": {"en": "A promise was broken", "zh-CN": "未兑现回执承诺"},
        "late_receipt": {"en": "A promise was kept too late", "zh-CN": "逾期兑现回执承诺"},
        "opening_not_anchored": {
            "en": "An opened event was never anchored",
            "zh-CN": "所打开的事件从未锚定",
        },
        "equivocation": {"en": "Two statements contradict each other", "zh-CN": "两份陈述相互矛盾"},
        "witness_disagreement": {
            "en": "Organisations show different chains",
            "zh-CN": "各机构所示链上内容不一致",
        },
        "gateway_unreachable": {"en": "The gateway cannot be reached", "zh-CN": "网关无法连接"},
        "challenge_wrong": {
            "en": "A challenge was answered with something else",
            "zh-CN": "抽查答复与锚定内容不符",
        },
        "challenge_unanswered": {"en": "A challenge was not answered", "zh-CN": "抽查未获答复"},
        "challenge_late": {"en": "A challenge was answered late", "zh-CN": "抽查答复超时"},
    }
)
"""What each finding is called; the codes are stable."""
