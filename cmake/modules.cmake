# The one list of modules and of what each may include (a module may also include whatever its DEPS
# list, directly or through another). tests/layers.py checks every include against it.
#
#   weir_module(name DEPS other... LIBS target... [PRIVATE_HEADERS third_party_prefix...])
#
# DEPS are modules of this list; LIBS are third-party targets, linked privately: their types stay in
# the .cc files of the module.
weir_module(base      DEPS                              LIBS Boost::json yaml-cpp spdlog::spdlog weir::re2)
weir_module(net       DEPS base)
weir_module(store     DEPS base                         LIBS weir::rocksdb)
weir_module(vpc       DEPS base net store)
weir_module(capture   DEPS base net                     LIBS weir::pcap weir::nflog)
weir_module(flow      DEPS base net                     )
weir_module(columnar  DEPS base net flow                LIBS weir::duckdb weir::deflate weir::isal weir::zstd weir::zlib)
weir_module(enforce   DEPS base net vpc)
weir_module(functions DEPS base)
weir_module(logs      DEPS base store columnar          LIBS weir::re2 weir::zstd Boost::json)
weir_module(insights  DEPS base net store flow logs     LIBS weir::re2 OpenSSL::Crypto)
weir_module(metrics   DEPS base store)
weir_module(contributors DEPS base store logs)
weir_module(alarms    DEPS base store metrics)
weir_module(notify    DEPS base store                   LIBS OpenSSL::Crypto)
weir_module(respond   DEPS base net store vpc flow logs alarms notify)
weir_module(objects   DEPS base store                   LIBS OpenSSL::Crypto)
weir_module(delivery  DEPS base net flow vpc logs objects columnar store)
weir_module(collect   DEPS base net store flow vpc logs columnar)
weir_module(sql       DEPS base store columnar objects flow net LIBS weir::duckdb weir::re2)
weir_module(wire      DEPS base                         LIBS pugixml::pugixml OpenSSL::Crypto Boost::headers weir::zlib)
weir_module(client    DEPS base notify wire             LIBS CURL::libcurl)
weir_module(import    DEPS base net flow columnar wire client)
weir_module(api/sts        DEPS base wire)
weir_module(api/ec2        DEPS base wire net vpc flow enforce)
weir_module(api/logs       DEPS base wire logs insights)
weir_module(api/weir       DEPS base wire logs)
weir_module(api/cloudwatch DEPS base wire metrics alarms contributors)
weir_module(api/sns        DEPS base wire notify)
weir_module(api/s3         DEPS base wire objects       LIBS pugixml::pugixml)
weir_module(api/athena     DEPS base wire sql)
weir_module(server    DEPS base store wire              LIBS Boost::headers OpenSSL::SSL OpenSSL::Crypto)
weir_module(daemon    DEPS base net store columnar vpc capture flow enforce functions logs insights metrics alarms contributors notify respond collect
                           objects delivery sql client wire server
                           api/sts api/ec2 api/logs api/weir api/cloudwatch api/sns api/s3 api/athena)
weir_module(sim       DEPS base net store flow logs metrics alarms notify vpc delivery respond objects daemon)
weir_module(cli       DEPS base net flow capture import daemon  LIBS CLI11::CLI11 CURL::libcurl)
